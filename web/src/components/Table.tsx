import type { ReactNode } from "react";

export interface Column<Item> {
  name: string;
  /** Whether it keeps room for a sentence when other columns want it. */
  isWide?: boolean;
  show: (item: Item) => ReactNode;
}

interface TableProps<Item> {
  label: string;
  columns: readonly Column<Item>[];
  items: readonly Item[];
  keyOf: (item: Item) => string;
}

/**
 * A table that becomes stacked rows where the window is narrow.
 *
 * The roles are spelled out because `display: block` takes a table's meaning away.
 */
export function Table<Item>({ label, columns, items, keyOf }: TableProps<Item>) {
  return (
    <table role="table" aria-label={label} className="stacks">
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((column) => (
            <th key={column.name} role="columnheader" scope="col">
              {column.name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {items.map((item) => (
          <tr key={keyOf(item)} role="row">
            {columns.map((column) => (
              <td key={column.name} role="cell" data-label={column.name} className={column.isWide ? "wide" : undefined}>
                <div>{column.show(item)}</div>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
