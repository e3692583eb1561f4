-- Usual path: drops the cells that are a whole window old. Equals window_advance, window_walk and
-- block_get if the oldest cell that stays lies in the block after the first cell that leaves.

if (is_alone and latest or old_latest) + length <= clock then
  if is_alone or latest + length <= clock then break end
  local number, block, skip = old_latest * cells / length, tail, 1
  number = number - number % 1 + 1
  local first, oldest = number - number % BLOCK_CELLS, latest
  if first == new - new % BLOCK_CELLS then
    if #tail ~= CELL_BYTES * (new % BLOCK_CELLS) then break end
  else
    block, skip =
      redis.pcall('HGET', key, name .. ':' .. first / BLOCK_CELLS % math.ceil(cells / BLOCK_CELLS)), 9
    if not block or #block ~= BLOCK_BYTES or unpack_struct('<d', block) ~= first / BLOCK_CELLS then
      break
    end
  end
  executions, ms, leaving = executions - old_executions, ms - old_ms, 1
  for at = number - first, math.min(BLOCK_CELLS - 1, new - 1 - first) do
    local cell_executions, cell_ms, offset = unpack_struct('<I4I6I4', block, CELL_BYTES * at + skip)
    if cell_executions > 0 then
      oldest, old_executions, old_ms =
        math.ceil((first + at) * length / cells) + offset, cell_executions, cell_ms
      if oldest + length > clock then break end
      executions, ms, oldest = executions - cell_executions, ms - cell_ms, latest
    end
  end
  is_alone = executions == new_executions
  if not is_alone and oldest == latest then break end
  old_latest = oldest
end
