-- A sliding window beside its data: the twin of Accounting/SlidingWindow.swift, where the rule stands in ten lines.
--
-- State: one STRING per account and window shape, 104 + (cells + 1) * 12 bytes (14 a cell when a cell is longer
-- than 65,536 ms). All numbers are integers below 2^53.
--   header, 13 doubles. First six that every charge changes: clock, executions, ms (the sums), then of the newest cell
--   latest, executions, ms. Then birth, until when the key is sure to live, the number of the newest cell, and the oldest
--   cell: number, latest, executions, ms;
--   ring of cells: executions (4 bytes), ms (6), latest as an offset from the cell's start (2 or 4);
--   the slot of a cell is its number modulo (cells + 1).
-- Every cell lives in one place: the newest and the oldest in the header, those between them in the ring. So the
-- usual call reads the header and writes its first half. Nothing counts while executions is 0; the other fields are
-- stale then. While oldest and newest are the same cell, the fields of the newest hold it.
--
-- A function here costs its closure in every call; so there are few, and they reach Redis through its globals,
-- because a captured local costs more than a lookup.

-- Its field changed becomes 'hot' (the first half of the header), 'header', or 'cell' when a cell was opened, which may
-- ask for a longer life.
local function window_load(key, length, cells)
  local header = redis.call('GETRANGE', key, '0', '103')
  if #header == 0 then
    return { key = key, length = length, cells = cells, exists = false, clock = 0, executions = 0, ms = 0, new_latest = 0,
      new_executions = 0, new_ms = 0, birth = nil, lives_until = 0, new = 0, old = 0, old_latest = 0, old_executions = 0,
      old_ms = 0 }
  end
  if #header < 104 then error('the key of a window holds something else') end
  local clock, executions, ms, new_latest, new_executions, new_ms, birth, lives_until, new, old, old_latest,
    old_executions, old_ms = struct.unpack('<ddddddddddddd', header)
  return { key = key, length = length, cells = cells, exists = true, clock = clock, executions = executions, ms = ms,
    new_latest = new_latest, new_executions = new_executions, new_ms = new_ms, birth = birth, lives_until = lives_until,
    new = new, old = old, old_latest = old_latest, old_executions = old_executions, old_ms = old_ms }
end

-- The ring of a window: read(first, last) gives the slots of those cells as one string, '' when first > last; write(first,
-- data) puts a whole number of slots from cell first on; layout and size are a slot's.
local function window_ring(w)
  local slots, layout, size = w.cells + 1, '<I4I6I2', 12
  if w.length > 65536 * w.cells then layout, size = '<I4I6I4', 14 end
  local function read(first, last)
    if first > last then return '' end
    local from, to = 104 + first % slots * size, 103 + (last % slots + 1) * size
    if from < to then return redis.call('GETRANGE', w.key, from, to) end
    return redis.call('GETRANGE', w.key, from, '-1') .. redis.call('GETRANGE', w.key, '104', to)
  end
  local function write(first, data)
    local room = (slots - first % slots) * size
    redis.call('SETRANGE', w.key, 104 + first % slots * size, data:sub(1, room))
    if #data > room then redis.call('SETRANGE', w.key, '104', data:sub(room + 1)) end
  end
  return read, write, layout, size
end

-- Drops the cells whose latest charge is a whole window old.
local function window_advance(w, now)
  local gone = now - w.length
  if w.executions == 0 or (w.old == w.new and w.new_latest or w.old_latest) > gone then return end
  w.clock, w.changed = now, 'header'
  if w.new_latest <= gone then
    w.executions, w.ms = 0, 0
    return
  end
  w.executions, w.ms = w.executions - w.old_executions, w.ms - w.old_ms
  local read, _, layout, size = window_ring(w)
  local first = w.old + 1
  local middle = read(first, w.new - 1)
  for number = first, w.new - 1 do
    local executions, ms, offset = struct.unpack(layout, middle, (number - first) * size + 1)
    if executions > 0 then
      local latest = math.ceil(number * w.length / w.cells) + offset
      if latest > gone then
        w.old, w.old_latest, w.old_executions, w.old_ms = number, latest, executions, ms
        return
      end
      w.executions, w.ms = w.executions - executions, w.ms - ms
    end
  end
  w.old = w.new
end

-- Makes number the newest cell, empty; the one before goes to its slot, and those skipped are cleared.
local function window_open(w, number, now)
  if w.executions == 0 then
    w.old = number
    w.birth = w.birth or now
  else
    local _, write, layout, size = window_ring(w)
    local skipped = ('\0'):rep((number - w.new - 1) * size)
    if w.old == w.new then
      w.old_latest, w.old_executions, w.old_ms = w.new_latest, w.new_executions, w.new_ms
      if #skipped > 0 then write(w.new + 1, skipped) end
    else
      local offset = w.new_latest - math.ceil(w.new * w.length / w.cells)
      write(w.new, struct.pack(layout, w.new_executions, w.new_ms, offset) .. skipped)
    end
  end
  w.new, w.new_executions, w.new_ms, w.changed = number, 0, 0, 'cell'
end

-- Charges one execution and its grant to now. A cell keeps at most 2^32 - 1 executions and 2^43 - 1 ms.
local function window_charge(w, grant, now)
  local number = math.floor(now * w.cells / w.length)
  if w.executions == 0 or number > w.new then window_open(w, number, now) end
  local executions, ms = 1, grant
  if w.new_executions >= 4294967295 then executions = 0 end
  if w.new_ms + ms > 8796093022207 then ms = 8796093022207 - w.new_ms end
  w.new_executions, w.new_ms, w.new_latest = w.new_executions + executions, w.new_ms + ms, now
  w.executions, w.ms = w.executions + executions, w.ms + ms
  w.clock, w.changed = now, w.changed or 'hot'
end

-- Adds delta ms to the cell charged at admitted; false, with nothing changed, when that cell no longer counts.
local function window_correct(w, delta, admitted, now)
  local number = math.floor(admitted * w.cells / w.length)
  if w.executions == 0 or admitted < w.birth or number < w.old or number > w.new then return false end
  local read, write, layout, executions, before, offset
  if number == w.new then
    before = w.new_ms
  elseif number == w.old then
    before = w.old_ms
  else
    read, write, layout = window_ring(w)
    executions, before, offset = struct.unpack(layout, read(number, number))
    if executions == 0 then return false end
  end
  local after = math.min(math.max(before + delta, 0), 8796093022207)
  if number == w.new then
    w.new_ms = after
  elseif number == w.old then
    w.old_ms = after
    if w.changed == 'hot' or not w.changed then w.changed = 'header' end
  else
    write(number, struct.pack(layout, executions, after, offset))
  end
  w.ms, w.clock, w.changed = w.ms + after - before, now, w.changed or 'hot'
  return true
end

-- When ask more of a meter (0 executions, 1 execution time) fits under amount, if nothing else happens.
local function window_fits(w, meter, ask, amount)
  local excess = (meter == 0 and w.executions or w.ms) + ask - amount
  if w.old ~= w.new then
    excess = excess - (meter == 0 and w.old_executions or w.old_ms)
    if excess <= 0 then return w.old_latest + w.length end
    local read, _, layout, size = window_ring(w)
    local first = w.old + 1
    local middle = read(first, w.new - 1)
    for number = first, w.new - 1 do
      local executions, ms, offset = struct.unpack(layout, middle, (number - first) * size + 1)
      excess = excess - (meter == 0 and executions or ms)
      if excess <= 0 then return math.ceil(number * w.length / w.cells) + offset + w.length end
    end
  end
  return w.new_latest + w.length
end

-- Writes what changed. A key's time to live outlasts every charge its newest cell can still get by 10 s, because Redis must
-- not forget before the rule does; it is given a quarter of a window more, so that not every new cell has to renew it.
local function window_store(w, clock)
  local hot = struct.pack('<dddddd', w.clock, w.executions, w.ms, w.new_latest, w.new_executions, w.new_ms)
  if w.changed == 'hot' then
    redis.call('SETRANGE', w.key, '0', hot)
    return
  end
  local needed, renew = math.ceil((w.new + 1) * w.length / w.cells) + w.length, false
  if w.changed == 'cell' and needed > w.lives_until then
    w.lives_until, renew = needed + math.floor(w.length / 4), true
  end
  local header = hot .. struct.pack('<ddddddd', w.birth, w.lives_until, w.new,
    w.old, w.old_latest, w.old_executions, w.old_ms)
  local ttl = renew and string.format('%d', w.lives_until - clock + 10000)
  if w.exists then
    redis.call('SETRANGE', w.key, '0', header)
    if renew then redis.call('PEXPIRE', w.key, ttl) end
  else
    local _, _, _, size = window_ring(w)
    redis.call('SET', w.key, header .. ('\0'):rep((w.cells + 1) * size), 'PX', ttl)
  end
end
