import './model.css';

/** An alias as a small mark, with the version that it names where that is not plain from the place. */
export function Alias({ name, version = null }: { name: string; version?: number | null }) {
  return (
    <span class={`hl-alias${name === 'champion' ? ' hl-champion' : ''}`} title={version === null ? name : `${name} names version ${version}`}>
      {name === 'champion' && <i aria-hidden="true">★</i>}
      {name}
      {version !== null && <b>{version}</b>}
    </span>
  );
}
