-- A sliding window next to its data: the twin of Accounting/Rule/SlidingWindow.swift. call.lua
-- states the rule in ten lines.
--
-- State, within the account ledger (account.lua). The window's own field:
--   9 doubles: clock; executions, ms (the sums); latest, executions, ms of the newest cell, then of
--   the oldest cell; then the cells before the newest in its block, 14 bytes each: executions (4),
--   ms (6), latest from the cell's start (4).
-- A window restarts when the clock was set back far (window_restart) or its charges were forgotten
-- (forget.lua). EPOCH_MARK is then added to its clock, and its epoch, a double, is stored before
-- those cells until all of them are later than the epoch.
-- A block is 16 cells by number. Each past block has its own field, `name:number`, with the number
-- modulo how many blocks can count. The field is the block's number as a double, then its cells.
-- Every cell is in one place: the newest and the oldest in the doubles, those between them in
-- blocks. A cell of a block that has no executions does not count. So the usual call reads and
-- writes one field, however many cells count. While executions is 0 nothing counts, and the rest is
-- stale.
--
-- In a call a window is an array, because arrays are the cheapest structure of this Lua:
--   w[NAME]    w[LENGTH] in ms    w[CELLS] how many
--   w[TAIL]    the cells before the newest in its block
--   w[BLOCKS]  past blocks by number, or false
--   w[CLOCK]   w[EXECUTIONS]   w[MS]   the sums
--   w[NEW_LATEST]   w[NEW_EXECUTIONS]   w[NEW_MS]   the newest cell
--   w[OLD_LATEST]   w[OLD_EXECUTIONS]   w[OLD_MS]   the oldest cell, if it is not the newest: then
--              w[NEW_EXECUTIONS] ~= w[EXECUTIONS]
--   w[CHANGED] true if it must be written   w[EPOCH]   w[RESTARTED] true if it restarted in this
--              call
-- From account_load on w[CLOCK] is the window's time: it stands still while the server's clock is
-- behind. An instant up to the epoch is from before the window restarted, unless the hold with that
-- instant names that epoch (hold_moment). Epoch 0: it never restarted. All numbers are integers
-- below 2^53.

-- Of the account at hand. key: of its account ledger. now: the latest of its windows' times.
-- set: fields and values to write, flat; set_count: how many.
local key, now, set, set_count = nil, nil, {}, 0
-- A cell without executions, as a block keeps it.
local empty = '\0\0\0\0\0\0\0\0\0\0\0\0\0\0'

local function window_load(name, length, cells, state)
  if not state then return { name, length, cells, '', false, 0, 0, 0, 0, 0, 0, 0, 0, 0, false, 0 } end
  local w, tail =
    { name, length, cells, '', false, unpack_struct('<ddddddddd', state) }, WINDOW_BYTES + 1
  w[EPOCH] = 0
  if w[CLOCK] >= EPOCH_MARK then
    w[CLOCK], w[EPOCH], tail =
      w[CLOCK] - EPOCH_MARK, unpack_struct('<d', state, WINDOW_BYTES + 1), WINDOW_BYTES + 9
  end
  if #state >= tail then w[TAIL] = string.sub(state, tail) end
  local fraction = w[EPOCH] % 1
  for i = 6, 14 do fraction = fraction + w[i] % 1 end
  local sane = #w[TAIL] <= (BLOCK_CELLS - 1) * CELL_BYTES and fraction == 0
    and w[CLOCK] <= LATEST_CLOCK and w[EPOCH] >= 0 and w[EPOCH] < INSTANTS_END
    and w[NEW_LATEST] >= 0 and w[NEW_LATEST] <= w[CLOCK]
    and w[OLD_LATEST] >= 0 and w[OLD_LATEST] <= w[CLOCK]
    and w[EXECUTIONS] + w[MS] + w[NEW_EXECUTIONS] + w[NEW_MS] + w[OLD_EXECUTIONS] + w[OLD_MS]
      < INTEGERS_END
  if not sane then error('the field of a window holds something else') end
  return w
end

local function cell_number(w, instant)
  local number = instant * w[CELLS] / w[LENGTH]
  return number - number % 1
end

-- Fails unless the sums are those of the cells and the oldest cell lies before the newest, within
-- the window. So no walk is longer than the window.
local function window_check(w)
  local sane
  if w[EXECUTIONS] == 0 then
    sane = w[MS] == 0
  elseif w[EXECUTIONS] == w[NEW_EXECUTIONS] then
    sane = w[EXECUTIONS] > 0 and w[MS] >= 0 and w[MS] == w[NEW_MS]
  else
    sane = w[NEW_EXECUTIONS] > 0 and w[NEW_MS] >= 0 and w[OLD_EXECUTIONS] > 0 and w[OLD_MS] >= 0
      and w[NEW_EXECUTIONS] + w[OLD_EXECUTIONS] <= w[EXECUTIONS] and w[NEW_MS] + w[OLD_MS] <= w[MS]
      and w[NEW_LATEST] < w[OLD_LATEST] + w[LENGTH]
      and cell_number(w, w[OLD_LATEST]) < cell_number(w, w[NEW_LATEST])
  end
  if not sane then error('the field of a window holds something else') end
end

-- The server's clock was set back by more than the window and a cell: the window restarts, with
-- everything that counts charged now. Its blocks hold later instants, so account_store deletes
-- them.
local function window_restart(w)
  w[EPOCH], w[CLOCK], w[CHANGED], w[RESTARTED] = math.max(w[EPOCH] + 1, w[CLOCK]), clock, true, true
  w[EXECUTIONS], w[MS] = math.min(w[EXECUTIONS], CELL_EXECUTIONS_MAX), math.min(w[MS], CELL_MS_MAX)
  w[NEW_LATEST], w[NEW_EXECUTIONS], w[NEW_MS], w[OLD_LATEST], w[OLD_EXECUTIONS], w[OLD_MS] =
    clock, w[EXECUTIONS], w[MS], 0, 0, 0
  w[TAIL] = ''
end

local function block_name(w, block)
  return w[NAME] .. ':' .. block % math.ceil(w[CELLS] / BLOCK_CELLS)
end

-- Keeps the new content of a past block until the account ledger is written.
local function block_put(w, block, cells)
  w[BLOCKS] = w[BLOCKS] or {}
  w[BLOCKS][block] = cells
  set[set_count + 1], set[set_count + 2] = block_name(w, block), pack('<d', block) .. cells
  set_count = set_count + 2
end

-- The cells of a block, as a string; false if nothing was charged in it.
local function block_get(w, block)
  local new = cell_number(w, w[NEW_LATEST])
  if block == (new - new % BLOCK_CELLS) / BLOCK_CELLS then return w[TAIL] end
  w[BLOCKS] = w[BLOCKS] or {}
  if w[BLOCKS][block] == nil then
    local state = call('HGET', key, block_name(w, block))
    if state and #state ~= BLOCK_BYTES then error('the field of a block holds something else') end
    w[BLOCKS][block] = state and unpack_struct('<d', state) == block and string.sub(state, 9)
  end
  return w[BLOCKS][block]
end

-- Walks the cells between the oldest and the newest. Stops at the first cell that was charged after
-- gone, or that, together with the cells before it, makes up for an excess of a meter
-- (0 executions, 1 execution time). Returns its latest, executions and ms (nil: there is none), and
-- the executions and ms of the cells before it.
local function window_walk(w, meter, excess, gone)
  local number, new, passed_executions, passed_ms =
    cell_number(w, w[OLD_LATEST]) + 1, cell_number(w, w[NEW_LATEST]), 0, 0
  while number < new do
    local first = number - number % BLOCK_CELLS
    local cells = block_get(w, first / BLOCK_CELLS)
    if cells then
      for at = number - first, math.min(BLOCK_CELLS - 1, new - 1 - first) do
        local executions, ms, offset = unpack_struct('<I4I6I4', cells, CELL_BYTES * at + 1)
        if executions > 0 then
          local latest = math.ceil((first + at) * w[LENGTH] / w[CELLS]) + offset
          excess = excess - (meter == EXECUTIONS_METER and executions or ms)
          if excess <= 0 or latest > gone then
            if cell_number(w, latest) > first + at or latest <= w[CLOCK] - w[LENGTH] then
              error('the field of a block holds something else')
            end
            return latest, executions, ms, passed_executions, passed_ms
          end
          passed_executions, passed_ms = passed_executions + executions, passed_ms + ms
        end
      end
    end
    number = first + BLOCK_CELLS
  end
  return nil, 0, 0, passed_executions, passed_ms
end

-- Drops the cells whose latest charge is a whole window old.
local function window_advance(w)
  local gone = w[CLOCK] - w[LENGTH]
  w[CHANGED] = true
  if w[NEW_LATEST] <= gone then
    w[EXECUTIONS], w[MS] = 0, 0
    return
  end
  local latest, executions, ms, passed_executions, passed_ms =
    window_walk(w, EXECUTIONS_METER, math.huge, gone)
  w[EXECUTIONS], w[MS] =
    w[EXECUTIONS] - w[OLD_EXECUTIONS] - passed_executions, w[MS] - w[OLD_MS] - passed_ms
  if latest then
    w[OLD_LATEST], w[OLD_EXECUTIONS], w[OLD_MS] = latest, executions, ms
  elseif w[EXECUTIONS] ~= w[NEW_EXECUTIONS] then
    error('a block is missing')
  end
  window_check(w)
end

-- Makes number the newest cell, empty. The previous newest cell becomes the oldest, or goes to its
-- block; a block that is past goes to its own field. A block without charges is not written: a
-- field that is missing or has another number means that nothing was charged.
local function window_open(w, number)
  local first, cells = number - number % BLOCK_CELLS, nil
  if w[EXECUTIONS] == w[NEW_EXECUTIONS] then
    w[OLD_LATEST], w[OLD_EXECUTIONS], w[OLD_MS] = w[NEW_LATEST], w[NEW_EXECUTIONS], w[NEW_MS]
  elseif w[EXECUTIONS] > 0 then
    local new = cell_number(w, w[NEW_LATEST])
    if #w[TAIL] ~= CELL_BYTES * (new % BLOCK_CELLS) then
      error('the field of a window holds something else')
    end
    local before = w[TAIL] .. pack('<I4I6I4', w[NEW_EXECUTIONS], w[NEW_MS],
      w[NEW_LATEST] - math.ceil(new * w[LENGTH] / w[CELLS]))
    if new >= first then
      cells = number > new + 1 and before .. string.rep(empty, number - new - 1) or before
    else
      block_put(w, (new - new % BLOCK_CELLS) / BLOCK_CELLS,
        before .. string.rep(empty, BLOCK_CELLS - #before / CELL_BYTES))
    end
  end
  w[TAIL], w[NEW_LATEST], w[NEW_EXECUTIONS], w[NEW_MS] =
    cells or string.rep(empty, number - first), w[CLOCK], 0, 0
end

-- Charges one execution and its grant at the window's time. A cell keeps at most 2^32 - 1
-- executions and 2^43 - 1 ms.
local function window_charge(w, grant)
  local number, new = w[CLOCK] * w[CELLS] / w[LENGTH], w[NEW_LATEST] * w[CELLS] / w[LENGTH]
  number = number - number % 1
  if w[EXECUTIONS] == 0 or number > new then window_open(w, number) end
  local one = w[NEW_EXECUTIONS] < CELL_EXECUTIONS_MAX and 1 or 0
  if w[NEW_MS] + grant > CELL_MS_MAX then grant = CELL_MS_MAX - w[NEW_MS] end
  w[EXECUTIONS], w[MS], w[NEW_LATEST], w[NEW_EXECUTIONS], w[NEW_MS], w[CHANGED] =
    w[EXECUTIONS] + one, w[MS] + grant, w[CLOCK], w[NEW_EXECUTIONS] + one, w[NEW_MS] + grant, true
end

-- Adds delta ms to the cell that was charged at instant, of epoch. Returns false, with nothing
-- changed, if that cell no longer counts.
local function window_correct(w, delta, instant, epoch)
  if w[EXECUTIONS] == 0 or instant <= w[EPOCH] and epoch ~= w[EPOCH] then return false end
  local number, new = cell_number(w, instant), cell_number(w, w[NEW_LATEST])
  local old = w[EXECUTIONS] == w[NEW_EXECUTIONS] and new or cell_number(w, w[OLD_LATEST])
  if number < old or number > new then return false end
  local at, before, cells, executions = number % BLOCK_CELLS, nil, nil, nil
  if number == new then
    before = w[NEW_MS]
  elseif number == old then
    before = w[OLD_MS]
  else
    cells = block_get(w, (number - at) / BLOCK_CELLS)
    if not cells then return false end
    executions, before = unpack_struct('<I4I6', cells, CELL_BYTES * at + 1)
    if executions == 0 then return false end
  end
  local after = math.min(math.max(before + delta, 0), CELL_MS_MAX)
  if number == new then
    w[NEW_MS] = after
  elseif number == old then
    w[OLD_MS] = after
  else
    cells = string.sub(cells, 1, CELL_BYTES * at + 4) .. pack('<I6', after)
      .. string.sub(cells, CELL_BYTES * at + 11)
    if number >= new - new % BLOCK_CELLS then
      w[TAIL] = cells
    else
      block_put(w, (number - at) / BLOCK_CELLS, cells)
    end
  end
  w[MS], w[CHANGED] = w[MS] + after - before, true
  window_check(w)
  return true
end

-- The instant at which ask more of a meter (0 executions, 1 execution time) fits under amount, if
-- nothing else happens.
local function window_fits(w, meter, ask, amount)
  local excess = (meter == EXECUTIONS_METER and w[EXECUTIONS] or w[MS]) + ask - amount
  if w[EXECUTIONS] == w[NEW_EXECUTIONS] then return w[NEW_LATEST] + w[LENGTH] end
  excess = excess - (meter == EXECUTIONS_METER and w[OLD_EXECUTIONS] or w[OLD_MS])
  if excess <= 0 then return w[OLD_LATEST] + w[LENGTH] end
  return (window_walk(w, meter, excess, math.huge) or w[NEW_LATEST]) + w[LENGTH]
end
