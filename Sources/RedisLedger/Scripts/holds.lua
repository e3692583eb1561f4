-- The holds of the account: executions that are admitted and not settled yet.
--
-- State: one HASH per account, a field per execution id: admitted at, granted ms, expires (6 bytes each), then the
-- shapes of the windows it was charged to (4 bytes length in ms, 2 bytes cells, each). The field '' is not a hold: it
-- keeps the key from vanishing with its last hold, and its double says until when the key is sure to live.
-- A hash takes all holds of a call in one command; the price is that expired holds must be looked for.

-- What the ids of this call hold, by id, false for nothing; nil until a question needs it. touched: ids that changed.
local holds, lives_until, expires_last, touched

local function holds_load()
  local found = redis.call('HMGET', KEYS[1], unpack(ARGV, 3))
  holds, touched, lives_until, expires_last = {}, {}, 0, 0
  if found[1] then lives_until = struct.unpack('<d', found[1]) end
  for i = 2, #found do
    local id, hold = ARGV[i + 2], found[i]
    if hold and #hold < 18 and id ~= '' then error('the key of the holds has something else in it') end
    holds[id] = hold
  end
end

-- granted ms, admitted at and shapes of what id holds; nil when it holds nothing.
local function held(id)
  if not holds then holds_load() end
  local hold = holds[id]
  if not hold then return nil end
  local admitted, granted, expires = struct.unpack('<I6I6I6', hold)
  if expires <= now then return nil end
  return granted, admitted, hold:sub(19)
end

-- Writes what changed. The time to live is renewed when a new hold outlasts it, by 10 s more than the rule needs, because
-- Redis must not forget before the rule does. Then up to 1,000 holds, by chance, are looked at and the expired among them
-- deleted; where they were many, the next call with an admission looks again.
local function holds_store()
  local key = KEYS[1]
  local renew = expires_last > lives_until
  if #touched == 1 and not renew then
    local id = touched[1]
    if holds[id] then redis.call('HSET', key, id, holds[id]) else redis.call('HDEL', key, id) end
    return
  end
  local set, removed = {}, {}
  for i = 1, #touched do
    local id = touched[i]
    local hold = holds[id]
    if hold then
      set[#set + 1] = id
      set[#set + 1] = hold
    elseif hold == false then
      removed[#removed + 1] = id
    end
    holds[id] = nil
  end
  if renew then
    local some, before = {}, #removed
    if lives_until > 0 then some = redis.call('HRANDFIELD', key, '1000', 'WITHVALUES') end
    for i = 1, #some, 2 do
      local id, hold = some[i], some[i + 1]
      if id ~= '' and (#hold < 18 or struct.unpack('<I6', hold, 13) <= now) then removed[#removed + 1] = id end
    end
    lives_until = expires_last
    if 8 * (#removed - before) <= #some then lives_until = lives_until + stay end
    set[#set + 1] = ''
    set[#set + 1] = struct.pack('<d', lives_until)
  end
  if #removed > 0 then redis.call('HDEL', key, unpack(removed)) end
  if #set > 0 then redis.call('HSET', key, unpack(set)) end
  if renew then redis.call('PEXPIRE', key, string.format('%d', lives_until - clock + 10000)) end
end
