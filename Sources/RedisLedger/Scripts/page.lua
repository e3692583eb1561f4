-- One account's page: its windows, its holds, its plan's limits, and what the clock says. The twin of
-- Accounting/LedgerPage.swift and Charges.swift.
--
-- KEYS     the page of each account of this call: a hash. Its fields: '', the page's own: until when the key is sure to live, a
--          double, then the settled ids whose fields are still there, each with a blank behind it; a window's name, which
--          contains a colon (window.lua); an execution id, which contains none (holds.lua).
-- ARGV[1]  the clock in ms as text, for tests; empty: the server's own TIME, read once.
-- ARGV[2]  packed, little-endian; per account:
--            1 byte number of windows; 0: the plan of the account before, and nothing more about it
--              1 byte number of limits
--              per window:   4 bytes length in ms, 2 bytes cells, 1 byte length of its name, its name
--              per limit:    1 byte index of its window (from 1), 1 byte meter (0 executions, 1 execution time), double amount
--            1 byte number of questions, 1 byte how many of their ids may be held
--              per question: 1 byte what (0 admit, 1 admit with an id made for this ask, 2 settle, 3 peek),
--                            double duration asked or used in ms, double the least that must be left in ms
-- ARGV[3] and on: per account the execution ids, in the order of their questions: first those that may be held, then the others,
--          which are empty for a peek.
-- Returns one packed string; per question, in order:
--            1 byte verdict (0 held, 1 admitted, 2 denied, 3 settled, 4 not held, 5 peeked, 6 nothing was done because the
--            page holds something else than it should), 3 doubles that depend on it,
--            per window: double executions, double ms, double ms until the oldest cell leaves (-1: nothing counts)
-- All questions about an account are answered as if each had come alone, in order; they share one now. Everything that
-- can fail on a damaged page is read before anything of it is written.

local args, position = ARGV[2], 1
if ARGV[1] == '' then
  local time = redis.call('TIME')
  clock = time[1] * 1000 + math.floor(time[2] / 1000)
else
  clock = tonumber(ARGV[1])
end

-- The plan at hand: names, lengths and cells of its windows; their shapes as one string; the longest that a charge stays;
-- index of window, meter and amount of each limit, flat. fields: '', the names of the windows, then ids.
local window_count, names, lengths, cell_counts, shapes, stay, limits, limit_end
local fields = { '' }

local function plan_read(count)
  window_count, names, lengths, cell_counts, shapes, stay, limits = count, {}, {}, {}, '', 0, {}
  limit_end, position = unpack_struct('<B', args, position)
  limit_end = 3 * limit_end
  for i = 1, count do
    local start, length, cells, name = position, nil, nil, nil
    length, cells, name, position = unpack_struct('<I4I2Bc0', args, position)
    names[i], lengths[i], cell_counts[i], fields[i + 1] = name, length, cells, name
    shapes = shapes .. string.sub(args, start, start + 5)
    stay = math.max(stay, length + math.ceil(length / cells))
  end
  for i = 1, limit_end, 3 do
    limits[i], limits[i + 1], limits[i + 2], position = unpack_struct('<BBd', args, position)
  end
end

-- The page at hand: its windows; until when it is sure to live and until when it must; its settled ids. What was denied
-- last, and nothing has changed since.
local windows, lives_until, must_live_until, settled = {}, nil, nil, nil
local denied_duration, denied_needed, denied_wait, denied_limits, denied_answer

-- Reads the page: its own field, its windows, and what the ids from ARGV[first] on hold.
local function page_load(id_count, first)
  local ids_from = window_count + 1
  for i = 1, id_count do fields[ids_from + i] = ARGV[first + i - 1] end
  local found = redis.call('HMGET', key, unpack(fields, 1, ids_from + id_count))
  local own = found[1]
  lives_until, settled, must_live_until = 0, '', 0
  if own then
    lives_until = unpack_struct('<d', own)
    if not (lives_until < 17592186044416) then error('the field of the page holds something else') end
    if #own > 8 then settled = string.sub(own, 9) end
  end
  now, set_count, touched_count, settled_bytes, reused, denied_duration, holds = clock, 0, 0, 0, false, nil, {}
  for i = 1, id_count do holds[fields[ids_from + i]] = found[ids_from + i] end
  for i = 1, window_count do
    local w = window_load(names[i], lengths[i], cell_counts[i], found[i + 1])
    windows[i] = w
    if w[6] > now then now = w[6] end
  end
  for i = 1, window_count do
    local w = windows[i]
    if (w[7] == w[10] and w[9] or w[12]) + w[2] <= now and w[7] > 0 then window_advance(w) end
  end
end

-- Renews the page's time to live, by 10 s more than the rule needs, because Redis must not forget before the rule does.
-- Returns the expired holds, which are looked for then; where they were many, the next call with an admission looks again.
local function page_renew()
  local expired, looked = {}, 0
  if lives_until > 0 then expired, looked = holds_expired() end
  lives_until = must_live_until
  if 4 * #expired <= looked then lives_until = lives_until + stay end
  return expired
end

-- Writes what changed. Settled ids are deleted when the time to live is renewed, when one is held again, or when they
-- are some.
local function page_store()
  local n = set_count
  for i = 1, window_count do
    local w = windows[i]
    if w[15] == true then
      local state = pack('<ddddddddd', w[6], w[7], w[8], w[9], w[10], w[11], w[12], w[13], w[14])
      set[n + 1], set[n + 2] = w[1], w[4] == '' and state or state .. w[4]
      n = n + 2
    end
  end
  local renew, settled_before = must_live_until > lives_until, settled
  local delete = renew or reused or #settled + settled_bytes > 192
  for i = 1, touched_count do
    local id = touched[i]
    local hold = holds[id]
    if hold then
      if hold == '' then settled = settled .. id .. ' ' end
      if hold ~= '' or not delete then
        set[n + 1], set[n + 2] = id, hold
        n = n + 2
      end
      holds[id] = nil
    end
  end
  if delete then
    local removed = renew and page_renew() or {}
    for id in string.gmatch(settled, '%S+') do removed[#removed + 1] = id end
    settled = ''
    if #removed > 0 then redis.call('HDEL', key, unpack(removed)) end
  end
  if renew or settled ~= settled_before then
    set[n + 1], set[n + 2] = '', pack('<d', lives_until) .. settled
    n = n + 2
  end
  if n > 0 then redis.call('HSET', key, unpack(set, 1, n)) end
  if renew then redis.call('PEXPIRE', key, string.format('%d', lives_until - clock + 10000)) end
end
