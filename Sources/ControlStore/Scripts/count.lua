-- Count: adds what an account did within one minute to its rollups.
--
-- KEYS[1]  the minutes of one hour: a hash
-- KEYS[2]  the hours of one day: a hash
-- ARGV[1]  the minute of the hour, ARGV[2] the hour of the day
-- ARGV[3]  time to live of a new first key in ms, ARGV[4] of a new second key
-- ARGV[5]  the number of fields in a hash beyond which new functions are counted as others, ARGV[6]
--          the name of those others
-- ARGV[7]  and on: a field, and the amount to add
--
-- A field is a series: for each minute (hour) in which something happened 1 byte its number, 7
-- bytes the amount, in order. A field's name begins with what it counts: x executions, t ms, e
-- errors; d and p, followed by a blank and a limit's name, denials by the limit and its peak use in
-- percent. The field of one function ends with a / and the function. Amounts are added up; of a p
-- the greatest stays.

local fields = {}
for i = 7, #ARGV, 2 do fields[#fields + 1] = ARGV[i] end

local function put(key, period, stay)
  local found, new, set, room = {}, {}, {}, nil
  -- Lua passes at most some thousand values at once.
  for first = 1, #fields, 1000 do
    local some = redis.call('HMGET', key, unpack(fields, first, math.min(#fields, first + 999)))
    for i = 1, #some do found[first + i - 1] = some[i] end
  end
  local is_new = true
  for i, field in ipairs(fields) do
    local series, amount = new[field] or found[i], tonumber(ARGV[2 * i + 6])
    is_new = is_new and not found[i]
    if not series then
      local slash = string.find(field, '/', 1, true)
      room = room or tonumber(ARGV[5]) - redis.call('HLEN', key)
      if slash and room <= 0 then
        field = string.sub(field, 1, slash) .. ARGV[6]
        series = new[field] or redis.call('HGET', key, field)
      end
      if not series then room = room - 1 end
    end
    -- A text longer than one entry per minute of an hour is not a series.
    if not series or #series % 8 ~= 0 or #series > 480 then series = '' end
    local at = #series - 7
    while at > 0 and string.byte(series, at) > period do at = at - 8 end
    local behind = at + 8
    if at > 0 and string.byte(series, at) == period then
      local before = struct.unpack('<I7', series, at + 1)
      amount = string.sub(field, 1, 1) == 'p' and math.max(before, amount) or before + amount
    else
      at = behind
    end
    new[field] = string.sub(series, 1, at - 1) .. struct.pack('<BI7', period, math.min(amount, 2 ^ 53 - 1))
      .. string.sub(series, behind)
  end
  for field, series in pairs(new) do
    set[#set + 1], set[#set + 2] = field, series
  end
  if is_new and redis.acl_check_cmd and not redis.acl_check_cmd('PEXPIRE', key, stay) then
    error({ err = "NOPERM its user has no permissions to run the 'pexpire' command" })
  end
  for first = 1, #set, 1000 do redis.call('HSET', key, unpack(set, first, math.min(#set, first + 999))) end
  if is_new then redis.call('PEXPIRE', key, stay) end
end

put(KEYS[1], tonumber(ARGV[1]), ARGV[3])
put(KEYS[2], tonumber(ARGV[2]), ARGV[4])
