-- Usual path: opens a cell if the clock has reached one, then admits asks without a hold while they
-- fit. Equals window_open within one block, admit and window_charge.

local number = clock * cells / length
number = number - number % 1
if number > new then
  -- A cell opens, in the block of the previous one (window_open).
  local first = number - number % BLOCK_CELLS
  if is_alone then
    old_latest, old_executions, old_ms, is_alone = latest, new_executions, new_ms, false
    tail = string.rep(empty, number - first)
  elseif new >= first and #tail == CELL_BYTES * (new % BLOCK_CELLS) then
    tail = tail .. pack('<I4I6I4', new_executions, new_ms, latest - math.ceil(new * length / cells))
    if number > new + 1 then tail = tail .. string.rep(empty, number - new - 1) end
  else
    break
  end
  new_executions, new_ms = 0, 0
end
latest = clock
local leaves, left = is_alone and length or old_latest + length - clock, count
-- Asks without a hold. They fit (admit) and are charged (window_charge).
while what == ADMIT_FRESH or what == ADMIT and not held do
  local most = most_ms - ms
  if most < needed or executions >= most_executions then break end
  if duration > most then duration = most end
  if duration ~= hold_grant or label ~= hold_label then
    hold_grant, hold_label, hold_expires =
      duration, label, clock + math.max(stay, duration + HOLD_GRACE_MS)
    hold = pack('<I6I6I6c0c0', clock, duration, hold_expires, shape, ARGV[label] or '')
  end
  executions, ms, new_executions, new_ms =
    executions + 1, ms + duration, new_executions + 1, new_ms + duration
  if hold_expires > lives_until or new_executions > CELL_EXECUTIONS_MAX or new_ms > CELL_MS_MAX then
    break
  end
  set[n + 1], set[n + 2] = ARGV[id + count - left], hold
  n, left = n + 2, left - 1
  answers[answer_count + count - left] =
    pack('<Bdddddd', ADMITTED, duration, clock, 0, executions, ms, leaves)
  if left == 0 then break end
  what, label, duration, needed, at = unpack_struct('<BBdd', args, at)
end
if left > 0 then break end
