-- One account ledger: what it reads and writes. The twin of Accounting/AccountLedger.swift and
-- Charges.swift.
--
-- The account ledger's own field, '': until when the key is sure to live, a double, then the
-- settled ids whose fields are still there, each with a blank behind it.

-- The account ledger at hand: what a hold says of a charge made now, and whether a window
-- restarted; until when the account ledger is sure to live and until when it must; its own field.
-- What was denied last, and nothing has changed since.
local charges, has_restarted, lives_until, must_live_until, own = nil, false, nil, nil, nil
local denied_duration, denied_needed, denied_wait, denied_limits, denied_answer
-- Whether a window is empty; whether the account is not new, nil: nobody has asked.
local begins, is_known

-- Reads the account ledger, unless it was found already: its own field, its windows, and what the
-- ids from ARGV[first] on hold.
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

-- ms that an account ledger lives longer than the rule needs: Redis must not forget before the rule
-- does, nor before somebody came to log the holds that expired unseen (sweep.lua).
local linger = log_rows and LINGER_WITH_LOG_MS or LINGER_MS

-- Without the right to give an account ledger its time to live nothing is written. To be asked
-- before a write, and not by trying: a script that has called a writing command is not refused for
-- want of memory any more. Servers before 7.0 cannot be asked. (PTTL is tried before the write: it
-- may have been given longer under another plan, whose charges still count.)
local function may_expire(...)
  if redis.acl_check_cmd and not redis.acl_check_cmd('PEXPIRE', ...) then
    error({ err = "NOPERM its user has no permissions to run the 'pexpire' command" })
  end
end

-- Says anew until when the account ledger is sure to live.
-- Returns the expired holds, which are looked for then; where they were many, the next call with an
-- admission looks again.
local function account_renew()
  local expired, looked = {}, 0
  if lives_until > 0 then expired, looked = holds_expired() end
  lives_until = must_live_until
  if 4 * #expired <= looked then lives_until = lives_until + stay end
  return expired
end

-- Writes what changed, then the log's rows; a renewed account ledger renews its log, too, and drops
-- rows older than 90 days. Settled ids are deleted when the time to live is renewed, when one is
-- held again, or when they are some.
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
  -- A window that begins may be another plan's, under which holds expire sooner than the account
  -- ledger was to be looked through.
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
