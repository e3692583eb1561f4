-- Rank: adds what accounts did within one minute to the sorted sets of the accounts that did the
-- most.
--
-- KEYS     for each measure four sorted sets of accounts: this minute, the previous minute, this
--          hour, the previous hour
-- ARGV[1]  the maximum number of accounts in a set while its period runs, ARGV[2] afterwards
-- ARGV[3]  time to live of the minutes in ms, ARGV[4] of the hours
-- ARGV[5]  the number, from 1, of the measure that is a peak: its greatest amount stays; the
--          amounts of the others are added up
-- ARGV[6]  and on: an account, each once, and its amount of each measure

local measures = #KEYS / 4
local kept, later, peak = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[5])

-- Writes accounts and their amounts, flat, as ZADD expects them. Amounts of a measure that is added
-- up are added to the stored ones.
local function put(key, accounts, amounts, is_peak)
  local before, set = is_peak or redis.call('ZMSCORE', key, unpack(accounts)), {}
  for i = 1, #accounts do
    local amount = is_peak and amounts[i] or string.format('%.0f', amounts[i] + (before[i] or 0))
    set[2 * i - 1], set[2 * i] = amount, accounts[i]
  end
  if is_peak then
    redis.call('ZADD', key, 'GT', unpack(set))
  else
    redis.call('ZADD', key, unpack(set))
  end
end

-- Without the right to set a time to live, nothing is written.
if redis.acl_check_cmd and not redis.acl_check_cmd('PEXPIRE', KEYS[1], ARGV[3]) then
  return redis.error_reply("NOPERM its user has no permissions to run the 'pexpire' command")
end

for measure = 1, measures do
  local accounts, amounts = {}, {}
  for i = 6, #ARGV, measures + 1 do
    if ARGV[i + measure] ~= '0' then
      accounts[#accounts + 1], amounts[#amounts + 1] = ARGV[i], ARGV[i + measure]
    end
  end
  if #accounts > 0 then
    put(KEYS[4 * measure - 3], accounts, amounts, measure == peak)
    put(KEYS[4 * measure - 1], accounts, amounts, measure == peak)
  end
end
for i = 1, #KEYS do
  local is_running = i % 2 == 1
  redis.call('ZREMRANGEBYRANK', KEYS[i], 0, -1 - (is_running and kept or later))
  if is_running then redis.call('PEXPIRE', KEYS[i], i % 4 == 1 and ARGV[3] or ARGV[4]) end
end
