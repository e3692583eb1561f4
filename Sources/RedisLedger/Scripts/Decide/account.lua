-- Reads and writes one account ledger. The twin of Accounting/Rule/AccountLedger.swift and
-- Charges.swift.
--
-- The account ledger's own field, '': the instant until which the key is sure to live (a double),
-- then the settled ids whose fields still exist, each followed by a blank.

-- The account ledger at hand. charges: what a hold keeps of a charge made now. lives_until: how
-- long the key is sure to live; must_live_until: how long it has to. own: its own field.
-- denied_...: the last denial, which is valid until something changes.
local charges, has_restarted, lives_until, must_live_until, own = nil, false, nil, nil, nil
local denied_duration, denied_needed, denied_wait, denied_limits, denied_answer
-- begins: a window is empty. is_known: the account is not new; nil: that was not looked up.
local begins, is_known

-- Reads the account ledger unless it was read already (found): its own field, its windows, and the
-- holds of the ids from ARGV[first] on.
local function account_load(id_count, first, found)
  local ids_from = window_count + 1
  for i = 1, id_count do fields[ids_from + i] = ARGV[first + i - 1] end
  found = found or call('HMGET', key, unpack(fields, 1, ids_from + id_count))
  own = found[1] or '\0\0\0\0\0\0\0\0'
  lives_until, must_live_until = unpack_struct('<d', own), 0
  if #own > OWN_BYTES_MAX or not (lives_until < INSTANTS_END) then
    error('the field of the account ledger holds something else')
  end
  now, set_count, touched_count, settled_bytes, reused, denied_duration, holds =
    clock, 0, 0, 0, false, nil, {}
  row_count, held_again, has_restarted, has_epochs, begins, is_known =
    0, false, false, false, false, nil
  if found[1] then is_known = true end
  for i = 1, id_count do holds[fields[ids_from + i]] = found[ids_from + i] end
  for i = 1, window_count do
    local w = window_load(names[i], lengths[i], cell_counts[i], found[i + 1])
    window_check(w)
    windows[i] = w
    if w[CLOCK] <= clock then
      w[CLOCK] = clock
    elseif w[CLOCK] - clock > w[LENGTH] + math.ceil(w[LENGTH] / w[CELLS]) then
      window_restart(w)
      has_restarted = true
    end
    has_epochs = has_epochs or w[EPOCH] > 0
    if w[CLOCK] > now then now = w[CLOCK] end
    if w[EXECUTIONS] > 0 and (w[EXECUTIONS] == w[NEW_EXECUTIONS] and w[NEW_LATEST] or w[OLD_LATEST])
      + w[LENGTH] <= w[CLOCK] then window_advance(w) end
    begins = begins or w[EXECUTIONS] == 0
  end
  charges = hold_charges()
end

-- ms that an account ledger outlives the rule's need. Redis must not forget before the rule does,
-- nor before the sweep logs the expired holds (sweep.lua).
local linger = log_rows and LINGER_WITH_LOG_MS or LINGER_MS

-- Fails if the user may not set the time to live; then nothing is written. The right is asked for
-- before the first write, not tried: once a script has called a writing command, Redis does not
-- refuse its commands for lack of memory. Servers before 7.0 cannot be asked. (PTTL is tried before
-- the write: the key may have got a longer time under another plan, whose charges still count.)
local function may_expire(...)
  if redis.acl_check_cmd and not redis.acl_check_cmd('PEXPIRE', ...) then
    error({ err = "NOPERM its user has no permissions to run the 'pexpire' command" })
  end
end

-- Sets until when the account ledger is sure to live, and returns the expired holds, which it
-- searches for. If it found many, the next call with an admission searches again.
local function account_renew()
  local expired, looked = {}, 0
  if lives_until > 0 then expired, looked = holds_expired() end
  lives_until = must_live_until
  if 4 * #expired <= looked then lives_until = lives_until + stay end
  return expired
end

-- Writes what changed, then the rows of the log. A renewed account ledger also renews its log and
-- drops rows older than 90 days. Settled ids are deleted when the time to live is renewed, when one
-- of them is held again, or when there are several.
local function account_store()
  local n = set_count
  for i = 1, window_count do
    local w = windows[i]
    if w[CHANGED] == true then
      local stamp, tail = w[CLOCK], w[TAIL]
      local oldest = w[EXECUTIONS] == 0 and w[CLOCK]
        or w[EXECUTIONS] == w[NEW_EXECUTIONS] and w[NEW_LATEST] or w[OLD_LATEST]
      if w[EPOCH] > 0 and cell_number(w, oldest) <= cell_number(w, w[EPOCH]) then
        stamp, tail = stamp + EPOCH_MARK, pack('<d', w[EPOCH]) .. tail
      end
      set[n + 1], set[n + 2] = w[NAME],
        pack('<dddddddddc0', stamp, w[EXECUTIONS], w[MS], w[NEW_LATEST], w[NEW_EXECUTIONS], w[NEW_MS],
          w[OLD_LATEST], w[OLD_EXECUTIONS], w[OLD_MS], tail)
      n = n + 2
      if w[RESTARTED] then
        local blocks = {}
        for block = 1, math.ceil(w[CELLS] / BLOCK_CELLS) do blocks[block] = block_name(w, block) end
        call('HDEL', key, unpack(blocks))
      end
    end
  end
  -- A window that begins may belong to another plan, under which holds expire before the next
  -- search of the account ledger.
  local renew, settled = must_live_until > lives_until
    or begins and must_live_until > 0 and lives_until > must_live_until + stay, ''
  local delete = renew or reused or #own - 8 + settled_bytes > OWN_BYTES_MAX - 8
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
  local new_own, stay_ms, left_ms = own, nil, nil
  if delete then
    local removed = {}
    if renew then
      removed = account_renew()
      stay_ms = string.format('%d', lives_until - clock + linger)
      may_expire(key, stay_ms)
      left_ms = call('PTTL', key)
    end
    for id in string.gmatch(string.sub(own, 9) .. settled, '%S+') do removed[#removed + 1] = id end
    if #removed > 0 then call('HDEL', key, unpack(removed)) end
    new_own = pack('<d', lives_until)
  elseif settled ~= '' then
    new_own = own .. settled
  end
  if new_own ~= own then
    set[n + 1], set[n + 2] = '', new_own
    n = n + 2
  end
  if n > 0 then call('HSET', key, unpack(set, 1, n)) end
  if renew and left_ms < tonumber(stay_ms) then call('PEXPIRE', key, stay_ms) end
  if not log_rows or not renew and row_count == 0 then return end
  local log, log_stay = key .. ':log', string.format('%d', LOG_LIFE_MS + lives_until - clock)
  if renew and redis.pcall('PEXPIRE', log, log_stay) == 1 then
    redis.pcall('XTRIM', log, 'MINID', '~', string.format('%d', math.max(0, clock - LOG_LIFE_MS)))
  end
  for i = 1, row_count do
    local written = log_write(log, rows[i], log_stay)
    if not written or written.err then answers.lost = (answers.lost or 0) + 1 end
  end
end
