-- Looks through some of an account's page for its holds: those that expired become rows of the log and go, the others are
-- told. The usual page needs no such call, because admissions look for expired holds too; it is for accounts that fell silent, and
-- for people who want to see what is held.
--
-- KEYS[1]  the page (page.lua), KEYS[2] its log (log.lua)
-- ARGV[1]  the clock in ms as text, for tests; empty: the server's own TIME
-- ARGV[2]  the cursor that the call before returned; 0 at first
-- ARGV[3]  rows that the log keeps at most; 0: there is no log, and what expired is not told and left to others
-- Returns  the cursor of the next call (0: this was all), how many holds expired, then of each hold that is left
--          its id and its field (holds.lua), flat.
--
-- What is held and unchanged may be told twice, in different calls, as HSCAN does. Some 100 fields are looked at.

local clock = tonumber(ARGV[1])
if not clock then
  local time = redis.call('TIME')
  clock = time[1] * 1000 + math.floor(time[2] / 1000)
end
local scanned = redis.call('HSCAN', KEYS[1], ARGV[2], 'COUNT', '100')
local told, gone, rows = { scanned[1], 0 }, {}, {}
for i = 1, #scanned[2], 2 do
  local id, hold = scanned[2][i], scanned[2][i + 1]
  if id ~= '' and not string.find(id, ':', 1, true) and #hold >= 18 then
    local admitted, granted, expires = struct.unpack('<I6I6I6', hold)
    if expires > clock then
      told[#told + 1], told[#told + 2] = id, hold
    elseif ARGV[3] ~= '0' then
      gone[#gone + 1] = id
      local at = 19
      while #hold >= at + 3 and string.byte(hold, at + 3) < 255 do at = at + 6 end
      local label = string.sub(hold, at)
      if label ~= '' then
        rows[#rows + 1] = struct.pack('<BI6I4I4I7Bc0c0', 5, admitted, granted, granted, 0, #id, id, label)
      end
    end
  end
end
for i = 1, #gone, 100 do redis.call('HDEL', KEYS[1], unpack(gone, i, math.min(#gone, i + 99))) end
for i = 1, #rows do redis.pcall('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], '*', '', rows[i]) end
if #rows > 0 and redis.call('PTTL', KEYS[2]) < 7776000000 then redis.pcall('PEXPIRE', KEYS[2], '7776000000') end
told[2] = #gone
return told
