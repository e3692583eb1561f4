-- What nginx+Lua asks Redis: the two-cell sliding counter. The charges of the cell before count in
-- proportion to the part of it that the window still covers. One key an account, one packed string
-- in it: cell number, its charges, the charges of the cell before.
-- KEYS[1] the account's key. ARGV: limit, window in ms. Time is the server's own.
-- Returns what is left, -1 when denied, and the ms to the end of the cell.
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local cell = math.floor(now / window)
local ends = (cell + 1) * window - now
local was, count, before = cell, 0, 0
local state = redis.call('GET', KEYS[1])
if state then
  was, count, before = struct.unpack('<ddd', state)
  if was ~= cell then
    before = was == cell - 1 and count or 0
    count = 0
  end
end
local left = limit - count - before * ends / window
if left < 1 then return { -1, ends } end
state = struct.pack('<ddd', cell, count + 1, before)
if count == 0 then
  redis.call('SET', KEYS[1], state, 'PX', 2 * window)
else
  redis.call('SET', KEYS[1], state, 'KEEPTTL')
end
return { math.floor(left - 1), ends }
