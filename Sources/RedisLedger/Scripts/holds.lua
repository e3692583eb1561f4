-- The holds of the account: executions that are admitted and not settled yet.
--
-- State, within the account's page (page.lua): a field per execution id: admitted at, granted ms, expires (6 bytes each),
-- then the shapes of the windows it was charged to (4 bytes length in ms, 2 bytes cells, each). An empty one was settled
-- and waits to be deleted with others, because a second writing command costs half as much as all the rest of a call. Redis
-- expires keys, not fields; so expired holds must be looked for.

-- Of the account at hand: what the ids of this call hold, by id, '' for settled; the ids that changed, and how many; how
-- many bytes the settled among them are; whether an id was settled and is held again.
local holds, touched, touched_count, settled_bytes, reused = nil, {}, 0, 0, false

-- granted ms, admitted at and all of what id holds; nil when it holds nothing.
local function held(id)
  local hold = holds[id]
  if not hold or hold == '' then return nil end
  if #hold < 18 then error('the field of a hold holds something else') end
  local admitted, granted, expires = unpack_struct('<I6I6I6', hold)
  if expires <= now then return nil end
  return granted, admitted, hold
end

-- Up to 250 fields of the page by chance: the expired holds among them, and how many were looked at. A clock that stepped
-- back may be behind now, which is clamped by the windows of the plan at hand only; nothing is expired that it does not say.
local function holds_expired()
  local expired, some = {}, call('HRANDFIELD', key, '250', 'WITHVALUES')
  for i = 1, #some, 2 do
    local id, hold = some[i], some[i + 1]
    if #hold > 0 and id ~= '' and not string.find(id, ':', 1, true)
      and (#hold < 18 or unpack_struct('<I6', hold, 13) <= math.min(now, clock)) then
      expired[#expired + 1] = id
    end
  end
  return expired, #some / 2
end
