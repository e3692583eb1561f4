-- The holds of the account: admitted executions that are not settled yet.
--
-- State, within the account ledger (account.lua): a field per execution id. It has:
--   admitted at, granted ms, expires (6 bytes each);
--   the shapes of the windows it was charged to: 4 bytes length in ms, 2 bytes cells, each. If the
--   window restarted, 2^15 is added to the cells, and the window's instant and epoch of the charge
--   follow (6 bytes each);
--   if there is a log, its label: 1 byte length of its kind, 2 bytes length of its function (0: not
--   named), the byte 255, its kind, its function. No window is so long that the fourth byte of a
--   shape is 255, so that byte marks the end of the shapes.
-- An empty field was settled and waits to be deleted with others, because a second writing command
-- costs half as much as all the rest of a call. Redis expires keys, not fields, so the scripts have
-- to search for expired holds.

-- The windows of the account ledger at hand, and whether any of them has an epoch.
local windows, has_epochs = {}, false
-- Of the account at hand. holds: the field of each id of this call, '' if settled. touched: the ids
-- to write. settled_bytes: the bytes of the settled ids among them. reused: a settled id is
-- held again.
local holds, touched, touched_count, settled_bytes, reused = nil, {}, 0, 0, false

-- What a hold keeps of a charge that is made now to all windows.
local function hold_charges()
  local charges, is_usual = '', true
  for i = 1, window_count do
    local w = windows[i]
    if w[CLOCK] == now and w[EPOCH] == 0 then
      charges = charges .. string.sub(shapes, 6 * i - 5, 6 * i)
    else
      -- Bits 0 to 23, 40 to 47, 24 to 39 of each number: so the fourth byte is never 255.
      charges, is_usual = charges .. pack('<I4I2I3BI2I3BI2', w[LENGTH], w[CELLS] + 2 ^ 15,
        w[CLOCK] % 2 ^ 24, math.floor(w[CLOCK] / 2 ^ 40), math.floor(w[CLOCK] / 2 ^ 24) % 2 ^ 16,
        w[EPOCH] % 2 ^ 24, math.floor(w[EPOCH] / 2 ^ 40), math.floor(w[EPOCH] / 2 ^ 24) % 2 ^ 16), false
    end
  end
  return is_usual and shapes or charges
end

-- The instant and the epoch at which the hold was charged to the window of that shape, or nil if it
-- was not charged to it.
local function hold_moment(hold_shapes, shape, admitted)
  local at = 1
  while at < #hold_shapes do
    local cells = string.byte(hold_shapes, at + 5)
    if cells < 128 then
      if string.sub(hold_shapes, at, at + 5) == shape then return admitted, 0 end
      at = at + 6
    else
      if string.sub(hold_shapes, at, at + 4) == string.sub(shape, 1, 5)
        and cells - 128 == string.byte(shape, 6) then
        local a, c, b, d, f, e = unpack_struct('<I3BI2I3BI2', hold_shapes, at + 6)
        return a + b * 2 ^ 24 + c * 2 ^ 40, d + e * 2 ^ 24 + f * 2 ^ 40
      end
      at = at + 18
    end
  end
  return nil
end

--- @include hold_parts.lua

-- Returns granted ms, admitted at and the whole field of a held id, or nil if the id is not held.
local function held(id)
  local hold = holds[id]
  if not hold or hold == '' then return nil end
  if #hold < 18 or #hold > HOLD_BYTES_MAX then error('the field of a hold holds something else') end
  local admitted, granted, expires = unpack_struct('<I6I6I6', hold)
  if admitted > LATEST_CLOCK or granted > DURATION_MS_MAX then
    error('the field of a hold holds something else')
  end
  if expires <= now then return nil end
  -- A hold that had expired when one of its windows restarted stays expired, even if the clock was
  -- set back.
  for i = 1, has_epochs and window_count or 0 do
    local latest = windows[i][EPOCH]
    if expires <= latest then
      local instant, epoch =
        hold_moment((hold_parts(hold)), string.sub(shapes, 6 * i - 5, 6 * i), admitted)
      if instant and instant <= latest and epoch ~= latest then return nil end
    end
  end
  return granted, admitted, hold
end

-- Makes a row of an expired hold: its runner never reported an outcome.
local function log_expired(id, hold)
  if #hold < 18 or #hold > HOLD_BYTES_MAX then return end
  local _, label = hold_parts(hold)
  local admitted, granted = unpack_struct('<I6I6', hold)
  log_row(EXPIRED, id, admitted, granted, granted, 0, label)
end

-- Reads up to 250 random fields of the account ledger. Returns the expired holds among them, and
-- how many fields it read. A hold has expired only if both now and the clock are past it: the clock
-- may have stepped back, and only the windows of the plan at hand clamp it. Each expired hold
-- becomes a row of the log, at most 64 in one search; later searches find the others.
local function holds_expired()
  local expired, some = {}, call('HRANDFIELD', key, '250', 'WITHVALUES')
  for i = 1, #some, 2 do
    local id, hold = some[i], some[i + 1]
    if #hold > 0 and id ~= '' and not string.find(id, ':', 1, true)
      and (#hold < 18 or unpack_struct('<I6', hold, 13) <= math.min(now, clock)) and row_count < 64 then
      if not held_again or not held_again[id] then log_expired(id, hold) end
      expired[#expired + 1] = id
    end
  end
  return expired, #some / 2
end
