-- Admit: may this execution start, and for how long? The twin of AccountLedger.admit and
-- Charges.admit.
-- fresh: the id was made for this ask, so it is not held. label: what runs (holds.lua).
-- Returns HELD, ADMITTED or ADMITTED_NEW, granted ms, admitted at; REFUSED_NEW; or DENIED or
-- DENIED_NEW, ms until it fits (-1: never), bits of the limits. A hold outlasts its charge, and its
-- deadline by HOLD_GRACE_MS.

-- Whether Redis has anything of the account besides its account ledger: its log, or its rollups of
-- today or yesterday (ControlStore/Scripts/count.lua).
local function has_records()
  local day = clock / DAY_MS
  day = day - day % 1
  local found = redis.pcall('EXISTS', key .. ':log', string.format('%s:d:%d', key, day),
    string.format('%s:d:%d', key, day - 1))
  return type(found) ~= 'number' or found > 0
end

local function admit(fresh, id, duration, needed, label)
  if not fresh then
    local granted, admitted = held(id)
    if granted then
      -- What is held may not be on the replicas yet, and servers since Redis 7.2 let WAIT wait for
      -- what its own connection wrote. So the hold is written again, as it is.
      if acknowledged then
        touched_count = touched_count + 1
        touched[touched_count] = id
      end
      return HELD, granted, admitted
    end
  end
  if duration == denied_duration and needed == denied_needed then
    return DENIED, denied_wait, denied_limits
  end
  local grant, violated, fits, ever = duration, 0, clock, true
  for i = 1, limit_end, 3 do
    local w, meter, amount = windows[limits[i]], limits[i + 1], limits[i + 2]
    local left, ask = amount - w[EXECUTIONS], 1
    if meter == EXECUTION_TIME then left, ask = amount - w[MS], needed end
    if left < ask then
      violated = violated + 2 ^ ((i - 1) / 3)
      if ask > amount then
        ever = false
      else
        fits = math.max(fits, window_fits(w, meter, ask, amount))
      end
    elseif meter == EXECUTION_TIME and left < grant then
      grant = left
    end
  end
  if is_known == nil then is_known = has_records() end
  local is_new = not is_known
  if is_new and string.byte(ARGV[1]) == 32 then return REFUSED_NEW, 0, 0 end
  is_known = true
  if violated > 0 then
    denied_duration, denied_needed, denied_limits, denied_answer = duration, needed, violated, nil
    denied_wait = ever and fits - clock or -1
    return is_new and DENIED_NEW or DENIED, denied_wait, violated
  end
  for i = 1, window_count do window_charge(windows[i], grant) end
  local expires = now + stay
  if grant + HOLD_GRACE_MS > stay then expires = now + grant + HOLD_GRACE_MS end
  if expires > must_live_until then must_live_until = expires end
  local before = holds[id]
  if before == '' then
    reused = true
  elseif before then
    log_expired(id, before)
    held_again = held_again or {}
    held_again[id] = true
  end
  touched_count, denied_duration = touched_count + 1, nil
  touched[touched_count], holds[id] = id, pack('<I6I6I6c0c0', now, grant, expires, charges, label)
  return is_new and ADMITTED_NEW or ADMITTED, grant, now
end
