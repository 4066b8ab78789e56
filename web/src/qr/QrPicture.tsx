import { encodeText } from "./codewords";
import { drawSymbol } from "./symbol";

/** Light squares round a code, which a reader needs (ISO/IEC 18004, 6.3.8). */
const MARGIN = 4;

/** A text as a QR code, dark on light in every theme: a camera needs that. Nothing where the text is too long for one. */
export function QrPicture({ text, label }: { text: string; label: string }) {
  const encoded = encodeText(text);
  if (!encoded) {
    return null;
  }
  const squares = drawSymbol(encoded);
  const size = squares.length + 2 * MARGIN;
  const path = squares.flatMap((row, y) =>
    row.flatMap((isDark, x) => (isDark ? [`M${x + MARGIN} ${y + MARGIN}h1v1h-1z`] : [])),
  );
  return (
    <svg className="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <rect width={size} height={size} fill="#ffffff" />
      <path d={path.join("")} fill="#000000" />
    </svg>
  );
}
