-- Admit: may this execution start, and for how long? The twin of LedgerPage.admit and Charges.admit.
-- fresh: the id was made for this ask and cannot be held.
-- Returns 0 (held) or 1 (admitted), granted ms, admitted at; or 2 (denied), ms until it fits (-1: never), bits of
-- the limits. A hold outlasts its charge, and its deadline by 30 s (Hold.graceMs).

local function admit(fresh, id, duration, needed)
  if not fresh then
    local granted, admitted = held(id)
    if granted then return 0, granted, admitted end
  end
  local grant, violated, fits, ever = duration, 0, clock, true
  for i = 1, limit_count do
    local w, meter, amount = windows[limits[3 * i - 2]], limits[3 * i - 1], limits[3 * i]
    local left, ask = amount - w.executions, 1
    if meter == 1 then left, ask = amount - w.ms, needed end
    if left < ask then
      violated = violated + 2 ^ (i - 1)
      if ask > amount then ever = false else fits = math.max(fits, window_fits(w, meter, ask, amount)) end
    elseif meter == 1 and left < grant then
      grant = left
    end
  end
  if violated > 0 then return 2, ever and fits - clock or -1, violated end
  if not holds then holds_load() end
  for i = 1, window_count do window_charge(windows[i], grant, now) end
  local expires = now + math.max(stay, grant + 30000)
  holds[id] = struct.pack('<I6I6I6', now, grant, expires) .. shapes
  touched[#touched + 1] = id
  expires_last = math.max(expires_last, expires)
  return 1, grant, now
end
