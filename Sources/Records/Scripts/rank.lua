-- Rank: adds what accounts did within one minute to the sorted sets that tell who did the most.
--
-- KEYS     for each measure four sorted sets of accounts: of this minute, of the one before, of this hour, of the one before
-- ARGV[1]  how many accounts a set keeps while its time runs, ARGV[2] how many afterwards
-- ARGV[3]  ms that the minutes live on, ARGV[4] the hours
-- ARGV[5]  which of the measures, from 1, is a peak: of those the greatest stays; the others are added up
-- ARGV[6]  and on: an account, and its amount of each measure

local measures = #KEYS / 4
local kept, later, peak = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[5])
for i = 6, #ARGV, measures + 1 do
  for measure = 1, measures do
    local amount = ARGV[i + measure]
    if amount ~= '0' then
      for _, key in ipairs({ KEYS[4 * measure - 3], KEYS[4 * measure - 1] }) do
        if measure == peak then
          redis.call('ZADD', key, 'GT', amount, ARGV[i])
        else
          redis.call('ZINCRBY', key, amount, ARGV[i])
        end
      end
    end
  end
end
for i = 1, #KEYS do
  local is_running = i % 2 == 1
  redis.call('ZREMRANGEBYRANK', KEYS[i], 0, -1 - (is_running and kept or later))
  if is_running then redis.call('PEXPIRE', KEYS[i], i % 4 == 1 and ARGV[3] or ARGV[4]) end
end
