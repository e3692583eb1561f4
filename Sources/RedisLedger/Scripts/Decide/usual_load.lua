-- Usual path: reads the window of the account and the field of the id. Equals window_load and
-- account_load for an undamaged account ledger. A window that restarted has another size or clock,
-- so it is not usual.

if held_count == 0 then
  found = redis.pcall('HMGET', key, '', name)
else
  found = redis.pcall('HMGET', key, '', name, ARGV[id])
end
local own, state, held = found[1], found[2], found[3]
if not own or not state or #own < 8 or #own > OWN_BYTES_MAX
  or #state < WINDOW_BYTES or #state > WINDOW_BYTES_MAX then break end
local lives_until = unpack_struct('<d', own)
local seen, executions, ms, latest, new_executions, new_ms, old_latest, old_executions, old_ms =
  unpack_struct('<ddddddddd', state)
-- The account ledger is undamaged, something counts, and the clock did not step back (window_load,
-- account_load).
if not (lives_until >= 0 and lives_until < INSTANTS_END and seen <= clock and clock <= LATEST_CLOCK
  and latest >= 0 and latest <= seen and old_latest >= 0 and old_latest <= seen and executions > 0
  and latest % 1 + executions % 1 + ms % 1 + new_executions % 1 + new_ms % 1
    + old_latest % 1 + old_executions % 1 + old_ms % 1 == 0
  and executions + ms + new_executions + new_ms + old_executions + old_ms < INTEGERS_END) then break end
local is_alone = executions == new_executions
local tail, new, n, leaving =
  #state > WINDOW_BYTES and string.sub(state, WINDOW_BYTES + 1) or '', latest * cells / length, 2, 0
new = new - new % 1
