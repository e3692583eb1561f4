-- Admit: may this execution start, and for how long? The twin of LedgerPage.admit and Charges.admit.
-- fresh: the id was made for this ask and cannot be held. label: what runs (holds.lua).
-- Returns 0 (held), 1 (admitted) or 8 (admitted to an account that was new), granted ms, admitted at; 9 (refused, because it is
-- new); or 2 (denied), ms until it fits (-1: never), bits of
-- the limits. A hold outlasts its charge, and its deadline by 30 s (Hold.graceMs).

-- Whether anything is known of the account beside its page: its log, or what it did today or yesterday (Records/Scripts/count.lua).
local function has_records()
  local day = clock / 86400000
  day = day - day % 1
  local found = redis.pcall('EXISTS', key .. ':log', string.format('%s:d:%d', key, day), string.format('%s:d:%d', key, day - 1))
  return type(found) ~= 'number' or found > 0
end

local function admit(fresh, id, duration, needed, label)
  if not fresh then
    local granted, admitted = held(id)
    if granted then return 0, granted, admitted end
  end
  if duration == denied_duration and needed == denied_needed then return 2, denied_wait, denied_limits end
  local grant, violated, fits, ever = duration, 0, clock, true
  for i = 1, limit_end, 3 do
    local w, meter, amount = windows[limits[i]], limits[i + 1], limits[i + 2]
    local left, ask = amount - w[7], 1
    if meter == 1 then left, ask = amount - w[8], needed end
    if left < ask then
      violated = violated + 2 ^ ((i - 1) / 3)
      if ask > amount then ever = false else fits = math.max(fits, window_fits(w, meter, ask, amount)) end
    elseif meter == 1 and left < grant then
      grant = left
    end
  end
  if violated > 0 then
    denied_duration, denied_needed, denied_limits, denied_answer = duration, needed, violated, nil
    denied_wait = ever and fits - clock or -1
    return 2, denied_wait, violated
  end
  if is_known == nil then is_known = has_records() end
  local verdict = is_known and 1 or 8
  if not is_known and string.byte(ARGV[1]) == 32 then return 9, 0, 0 end
  is_known = true
  for i = 1, window_count do window_charge(windows[i], grant) end
  local expires = now + stay
  if grant + 30000 > stay then expires = now + grant + 30000 end
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
  return verdict, grant, now
end
