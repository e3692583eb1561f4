-- The clock of one call: ARGV[1] in ms, for tests, or the server's TIME, read once. It needs the
-- local `call`.

local clock = tonumber(ARGV[1])
if not clock then
  local time = call('TIME')
  clock = time[1] * 1000 + math.floor(time[2] / 1000)
end
