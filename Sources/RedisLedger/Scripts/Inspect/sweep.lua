-- Looks through some of some accounts' pages for their holds: those that expired become rows of the
-- log and go, the others are told, if that is wanted. It is for executions that nobody settled, and
-- for people who want to see what is held.
--
-- KEYS     the pages (page.lua), at most 16
-- ARGV[1]  the clock in ms as text, for tests; empty: the server's own TIME
-- ARGV[2]  rows that a log keeps at most; 0: what expired goes without a row
-- ARGV[3]  1: holds that are left are told; 0: they are not
-- ARGV[4]  and on: of each page the cursor that the call before returned; 0 at first
-- Returns  of each page an array: the cursor of the next call (0: this was all), how many holds
--          expired, then of each hold that is left and told its id and its field (holds.lua).
--
-- What is held and unchanged may be told twice, in different calls, as HSCAN does. Some 100 fields
-- of each page are looked at. A hold stays when its row finds no room, so that it becomes one
-- later. log.lua stands in front of this.

local call, refused = redis.call, nil
--- @include clock.lua
--- @include hold_parts.lua

-- Writes the row of a hold that expired. Returns whether the hold may go.
local function log_one(key, id, hold, admitted, granted)
  local _, label = hold_parts(hold)
  row_count = 0
  log_row(EXPIRED, id, admitted, granted, granted, 0, label)
  if row_count == 0 then return true end
  local written = log_write(key .. ':log', rows[1], 'LOG_LIFE_MS')
  local is_refused = type(written) == 'table' and written.err and string.find(written.err, '^%-?OOM')
  refused = is_refused and written.err
  return not refused
end

local function look(key, cursor)
  local scanned = redis.pcall('HSCAN', key, cursor, 'COUNT', '100')
  -- Something else than a page has no holds.
  if scanned.err then return { '0', 0 } end
  local told, gone, logged = { scanned[1], 0 }, {}, false
  for i = 1, #scanned[2], 2 do
    local id, hold = scanned[2][i], scanned[2][i + 1]
    if id ~= '' and not string.find(id, ':', 1, true) and #hold >= 18 then
      local admitted, granted, expires = struct.unpack('<I6I6I6', hold)
      if expires > clock then
        if ARGV[3] == '1' then told[#told + 1], told[#told + 2] = id, hold end
      elseif not refused and log_one(key, id, hold, admitted, granted) then
        gone[#gone + 1], logged = id, logged or row_count > 0
      end
    end
  end
  for i = 1, #gone, 100 do call('HDEL', key, unpack(gone, i, math.min(#gone, i + 99))) end
  if logged and call('PTTL', key .. ':log') < LOG_LIFE_MS then
    redis.pcall('PEXPIRE', key .. ':log', 'LOG_LIFE_MS')
  end
  told[2] = #gone
  return told
end

local answers = {}
for i = 1, #KEYS do
  answers[i] = look(KEYS[i], ARGV[i + 3])
  if refused then return redis.error_reply(refused) end
end
return answers
