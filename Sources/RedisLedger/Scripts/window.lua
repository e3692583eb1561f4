-- A sliding window beside its data: the twin of Accounting/SlidingWindow.swift, where the rule stands in ten lines.
--
-- State, within the account's page (page.lua). The window's own field:
--   9 doubles: clock; executions, ms (the sums); latest, executions, ms of the newest cell, then of the oldest cell;
--   then the cells before the newest in its block, 14 bytes each: executions (4), ms (6), latest from the cell's start (4).
-- When the window began anew, because the clock was set back far (window_restart) or charges were forgotten (forget.lua), its
-- clock is kept with 2^44 added, which no
-- other is, and its epoch, a double, lies before those cells, until they are all later than it.
-- A block is 16 cells by number. Those that are past have fields of their own, name:number modulo how many can count:
-- the block's number as a double, then its cells. Every cell lives in one place: the newest and the oldest in the
-- doubles, those between them in blocks, where a cell without executions is none. So the usual call reads and writes
-- one field, however many cells count. While executions is 0 nothing counts, and the rest is stale.
--
-- In a call it is an array, because arrays are what this Lua makes cheapest:
--   w[1] name  w[2] length in ms  w[3] cells  w[4] the cells before the newest in its block  w[5] past blocks, by number, or false
--   w[6] clock  w[7] executions  w[8] ms
--   w[9] latest  w[10] executions  w[11] ms of the newest cell
--   w[12] latest  w[13] executions  w[14] ms of the oldest cell, when that is another (w[10] ~= w[7])
--   w[15] true when it was changed  w[16] epoch  w[17] true when it began anew in this call
-- From page_load on w[6] is what time it is for the window: it stands still while the server's clock is behind. An instant
-- up to its epoch is of before it began anew, unless the hold that names it says that epoch (hold_moment); 0: it never did.
-- All numbers are integers below 2^53.

-- Of the account at hand: the key of its page; what time it is for it, the latest of its windows' times; fields and
-- values to write, flat, and how many.
local key, now, set, set_count = nil, nil, {}, 0
-- A cell without executions, as it is kept in a block.
local empty = '\0\0\0\0\0\0\0\0\0\0\0\0\0\0'

local function window_load(name, length, cells, state)
  if not state then return { name, length, cells, '', false, 0, 0, 0, 0, 0, 0, 0, 0, 0, false, 0 } end
  local w, tail = { name, length, cells, '', false, unpack_struct('<ddddddddd', state) }, 73
  w[16] = 0
  if w[6] >= 17592186044416 then
    w[6], w[16], tail = w[6] - 17592186044416, unpack_struct('<d', state, 73), 81
  end
  if #state >= tail then w[4] = string.sub(state, tail) end
  local fraction = w[16] % 1
  for i = 6, 14 do fraction = fraction + w[i] % 1 end
  local sane = #w[4] <= 210 and fraction == 0 and w[6] <= 8796093022208 and w[16] >= 0 and w[16] < 17592186044416
    and w[9] >= 0 and w[9] <= w[6] and w[12] >= 0 and w[12] <= w[6] and w[7] + w[8] + w[10] + w[11] + w[13] + w[14] < 9007199254740992
  if not sane then error('the field of a window holds something else') end
  return w
end

local function cell_number(w, instant)
  local number = instant * w[3] / w[2]
  return number - number % 1
end

-- The sums must be those of the cells, and the oldest cell must lie before the newest, within the window: so no walk is
-- longer than the window.
local function window_check(w)
  local sane
  if w[7] == 0 then
    sane = w[8] == 0
  elseif w[7] == w[10] then
    sane = w[7] > 0 and w[8] >= 0 and w[8] == w[11]
  else
    sane = w[10] > 0 and w[11] >= 0 and w[13] > 0 and w[14] >= 0 and w[10] + w[13] <= w[7] and w[11] + w[14] <= w[8]
      and w[9] < w[12] + w[2] and cell_number(w, w[12]) < cell_number(w, w[9])
  end
  if not sane then error('the field of a window holds something else') end
end

-- The server's clock was set back by more than the window and a cell: it begins anew, with all that counts charged now. What
-- its blocks hold is later than now, so they go (page_store).
local function window_restart(w)
  w[16], w[6], w[15], w[17] = math.max(w[16] + 1, w[6]), clock, true, true
  w[7], w[8] = math.min(w[7], 4294967295), math.min(w[8], 8796093022207)
  w[9], w[10], w[11], w[12], w[13], w[14] = clock, w[7], w[8], 0, 0, 0
  w[4] = ''
end

local function block_name(w, block) return w[1] .. ':' .. block % math.ceil(w[3] / 16) end

-- Keeps what a past block has become; it is written with the rest of the page.
local function block_put(w, block, cells)
  w[5] = w[5] or {}
  w[5][block] = cells
  set[set_count + 1], set[set_count + 2] = block_name(w, block), pack('<d', block) .. cells
  set_count = set_count + 2
end

-- The cells of a block, as a string; false when nothing was charged in it.
local function block_get(w, block)
  local new = cell_number(w, w[9])
  if block == (new - new % 16) / 16 then return w[4] end
  w[5] = w[5] or {}
  if w[5][block] == nil then
    local state = call('HGET', key, block_name(w, block))
    if state and #state ~= 232 then error('the field of a block holds something else') end
    w[5][block] = state and unpack_struct('<d', state) == block and string.sub(state, 9)
  end
  return w[5][block]
end

-- Walks the cells between the oldest and the newest, to the first that makes up for an excess of a meter (0 executions,
-- 1 execution time) together with those before it, or that was charged after gone. Returns its latest, executions and ms (nil:
-- there is none), and the executions and ms of those before it.
local function window_walk(w, meter, excess, gone)
  local number, new, passed_executions, passed_ms = cell_number(w, w[12]) + 1, cell_number(w, w[9]), 0, 0
  while number < new do
    local first = number - number % 16
    local cells = block_get(w, first / 16)
    if cells then
      for at = number - first, math.min(15, new - 1 - first) do
        local executions, ms, offset = unpack_struct('<I4I6I4', cells, 14 * at + 1)
        if executions > 0 then
          local latest = math.ceil((first + at) * w[2] / w[3]) + offset
          excess = excess - (meter == 0 and executions or ms)
          if excess <= 0 or latest > gone then
            if cell_number(w, latest) > first + at or latest <= w[6] - w[2] then
              error('the field of a block holds something else')
            end
            return latest, executions, ms, passed_executions, passed_ms
          end
          passed_executions, passed_ms = passed_executions + executions, passed_ms + ms
        end
      end
    end
    number = first + 16
  end
  return nil, 0, 0, passed_executions, passed_ms
end

-- Drops the cells whose latest charge is a whole window old.
local function window_advance(w)
  local gone = w[6] - w[2]
  w[15] = true
  if w[9] <= gone then
    w[7], w[8] = 0, 0
    return
  end
  local latest, executions, ms, passed_executions, passed_ms = window_walk(w, 0, math.huge, gone)
  w[7], w[8] = w[7] - w[13] - passed_executions, w[8] - w[14] - passed_ms
  if latest then
    w[12], w[13], w[14] = latest, executions, ms
  elseif w[7] ~= w[10] then
    error('a block is missing')
  end
  window_check(w)
end

-- Makes number the newest cell, empty; the one before becomes the oldest, or goes to its block, and that, when it is past, to
-- its own field. Where no block counts none is written: what is missing, or of another number, says that nothing was charged.
local function window_open(w, number)
  local first, cells = number - number % 16, nil
  if w[7] == w[10] then
    w[12], w[13], w[14] = w[9], w[10], w[11]
  elseif w[7] > 0 then
    local new = cell_number(w, w[9])
    if #w[4] ~= 14 * (new % 16) then error('the field of a window holds something else') end
    local before = w[4] .. pack('<I4I6I4', w[10], w[11], w[9] - math.ceil(new * w[2] / w[3]))
    if new >= first then
      cells = number > new + 1 and before .. string.rep(empty, number - new - 1) or before
    else
      block_put(w, (new - new % 16) / 16, before .. string.rep(empty, 16 - #before / 14))
    end
  end
  w[4], w[9], w[10], w[11] = cells or string.rep(empty, number - first), w[6], 0, 0
end

-- Charges one execution and its grant to now, by the window's time. A cell keeps at most 2^32 - 1 executions and 2^43 - 1 ms.
local function window_charge(w, grant)
  local number, new = w[6] * w[3] / w[2], w[9] * w[3] / w[2]
  number = number - number % 1
  if w[7] == 0 or number > new then window_open(w, number) end
  local one = w[10] < 4294967295 and 1 or 0
  if w[11] + grant > 8796093022207 then grant = 8796093022207 - w[11] end
  w[7], w[8], w[9], w[10], w[11], w[15] = w[7] + one, w[8] + grant, w[6], w[10] + one, w[11] + grant, true
end

-- Adds delta ms to the cell charged at instant, of epoch; false, with nothing changed, when that cell no longer counts.
local function window_correct(w, delta, instant, epoch)
  if w[7] == 0 or instant <= w[16] and epoch ~= w[16] then return false end
  local number, new = cell_number(w, instant), cell_number(w, w[9])
  local old = w[7] == w[10] and new or cell_number(w, w[12])
  if number < old or number > new then return false end
  local at, before, cells, executions = number % 16, nil, nil, nil
  if number == new then
    before = w[11]
  elseif number == old then
    before = w[14]
  else
    cells = block_get(w, (number - at) / 16)
    if not cells then return false end
    executions, before = unpack_struct('<I4I6', cells, 14 * at + 1)
    if executions == 0 then return false end
  end
  local after = math.min(math.max(before + delta, 0), 8796093022207)
  if number == new then
    w[11] = after
  elseif number == old then
    w[14] = after
  else
    cells = string.sub(cells, 1, 14 * at + 4) .. pack('<I6', after) .. string.sub(cells, 14 * at + 11)
    if number >= new - new % 16 then w[4] = cells else block_put(w, (number - at) / 16, cells) end
  end
  w[8], w[15] = w[8] + after - before, true
  window_check(w)
  return true
end

-- When ask more of a meter (0 executions, 1 execution time) fits under amount, if nothing else happens.
local function window_fits(w, meter, ask, amount)
  local excess = (meter == 0 and w[7] or w[8]) + ask - amount
  if w[7] == w[10] then return w[9] + w[2] end
  excess = excess - (meter == 0 and w[13] or w[14])
  if excess <= 0 then return w[12] + w[2] end
  return (window_walk(w, meter, excess, math.huge) or w[9]) + w[2]
end
