interface FactorNameProps {
  name: string;
  onType: (name: string) => void;
  example: string;
}

export function FactorName({ name, onType, example }: FactorNameProps) {
  return (
    <label>
      <span>
        Name <span className="quiet">by which you know it, such as {example}</span>
      </span>
      <input
        value={name}
        onChange={(event) => onType(event.target.value)}
        autoComplete="off"
        maxLength={200}
        required
      />
    </label>
  );
}
