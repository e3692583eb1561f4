-- Register: the account owns a thing of this name, if its quota has room for one more.
--
-- KEYS[1]  the names of one sort that the account owns: a sorted set with the score 0 for all, so
--          it is in the order of their bytes
-- KEYS[2]  their metadata: a hash by name; a name without metadata has no field
-- KEYS[3]  the account ledger, KEYS[4] its log: an account that has neither, and no name of this
--          sort, is new
-- ARGV[1]  the name
-- ARGV[2]  its metadata as JSON; empty: the stored metadata stays
-- ARGV[3]  the maximum number of names
-- ARGV[4]  1: a new account is refused
-- Returns  the result (0 the name existed, 1 it is new, 2 there is no room, 3 the account is new
--          and refused; 2 and 3 changed nothing), the number of names, the metadata (empty: none),
--          and 1 if the account was new.
-- A name that exists stays even above the quota, because a quota may be lowered.

local known = redis.call('ZSCORE', KEYS[1], ARGV[1])
local used = redis.call('ZCARD', KEYS[1])
local is_new = used == 0 and redis.call('EXISTS', KEYS[3], KEYS[4]) == 0
if not known then
  if used >= tonumber(ARGV[3]) then return { 2, used, '', 0 } end
  if is_new and ARGV[4] == '1' then return { 3, used, '', 0 } end
  redis.call('ZADD', KEYS[1], '0', ARGV[1])
  used = used + 1
end
if ARGV[2] ~= '' then redis.call('HSET', KEYS[2], ARGV[1], ARGV[2]) end
local metadata = redis.call('HGET', KEYS[2], ARGV[1]) or ''
return { known and 0 or 1, used, metadata, is_new and 1 or 0 }
