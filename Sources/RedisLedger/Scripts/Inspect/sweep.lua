-- Searches some account ledgers for holds. Expired holds become rows of the log and are deleted;
-- the others are returned on request. This is for executions that were never settled, and for
-- people who want to see what is held.
--
-- KEYS     the account ledgers (account.lua), at most 16
-- ARGV[1]  the clock in ms as text, for tests; empty: the server's own TIME
-- ARGV[2]  the maximum number of rows of a log; 0: expired holds are deleted without a row
-- ARGV[3]  1: holds that are left are returned; 0: they are not
-- ARGV[4]  and on: for each account ledger the cursor that the previous call returned; 0 at first
-- Returns  the clock; why rows are refused for now (empty: they are not); for each account ledger
--          an array: the cursor of the next call (0: this was all), how many expired holds were
--          deleted, how many of those got no row, then the id and the field (holds.lua) of each
--          hold that is left, on request.
--
-- A hold that does not change may be returned twice, in different calls, as HSCAN does. A call
-- looks at some 100 fields of each account ledger. A hold stays while the server refuses rows for
-- now (it has no memory, it cannot save), so that it becomes a row later. If the server will never
-- take the row (the user lacks a right, the key of the log holds something else), the hold is
-- deleted and its row is lost.

local call, refused = redis.call, nil
--- @include clock.lua
--- @include hold_parts.lua

local function has_error(reply, ...)
  for _, text in ipairs({ ... }) do
    if string.find(reply.err, text, 1, true) then return true end
  end
  return false
end

-- Writes the row of an expired hold. Returns whether the hold may be deleted, and how many rows are
-- lost with it.
local function log_one(key, id, hold, admitted, granted)
  local _, label = hold_parts(hold)
  row_count = 0
  log_row(EXPIRED, id, admitted, granted, granted, 0, label)
  if row_count == 0 then return true, 0 end
  local written = log_write(key .. ':log', rows[1], 'LOG_LIFE_MS')
  if type(written) == 'string' then return true, 0 end
  if written and not has_error(written, 'WRONGTYPE', 'NOPERM', 'ACL failure', 'The user executing') then
    refused = written.err
    return false, 0
  end
  return true, 1
end

local function look(key, cursor)
  local scanned = redis.pcall('HSCAN', key, cursor, 'COUNT', '100')
  if scanned.err then
    -- A key that is not an account ledger has no holds. Any other error is raised unchanged.
    if has_error(scanned, 'WRONGTYPE') then return { '0', 0, 0 } end
    call('HSCAN', key, cursor, 'COUNT', '100')
  end
  local found, gone, logged, lost = { scanned[1], 0, 0 }, {}, false, 0
  for i = 1, #scanned[2], 2 do
    local id, hold = scanned[2][i], scanned[2][i + 1]
    if id ~= '' and not string.find(id, ':', 1, true) and #hold >= 18 then
      local admitted, granted, expires = struct.unpack('<I6I6I6', hold)
      if expires > clock then
        if ARGV[3] == '1' then found[#found + 1], found[#found + 2] = id, hold end
      elseif not refused then
        local may_go, unlogged = log_one(key, id, hold, admitted, granted)
        if may_go then gone[#gone + 1] = id end
        logged, lost = logged or row_count > 0, lost + unlogged
      end
    end
  end
  for i = 1, #gone, 100 do call('HDEL', key, unpack(gone, i, math.min(#gone, i + 99))) end
  if logged then
    local left = redis.pcall('PTTL', key .. ':log')
    if type(left) ~= 'number' or left < LOG_LIFE_MS then
      redis.pcall('PEXPIRE', key .. ':log', 'LOG_LIFE_MS')
    end
  end
  found[2], found[3] = #gone, lost
  return found
end

local answers = { clock, '' }
for i = 1, #KEYS do answers[i + 2] = look(KEYS[i], ARGV[i + 3]) end
answers[2] = refused or ''
return answers
