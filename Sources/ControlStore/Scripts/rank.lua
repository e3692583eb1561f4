-- Rank: adds what accounts did within one minute to the sorted sets that tell who did the most.
--
-- KEYS     for each measure four sorted sets of accounts: of this minute, of the one before, of
--          this hour, of the one before
-- ARGV[1]  how many accounts a set keeps while its time runs, ARGV[2] how many afterwards
-- ARGV[3]  ms that the minutes live on, ARGV[4] the hours
-- ARGV[5]  which of the measures, from 1, is a peak: of those the greatest stays; the others are
--          added up
-- ARGV[6]  and on: an account, each once, and its amount of each measure

local measures = #KEYS / 4
local kept, later, peak = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[5])

-- The accounts and their amounts, flat, as ZADD takes them; amounts that are added up come to those
-- that are there.
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

-- Nothing is written that would have no time to live.
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
