import type { ComponentChildren } from 'preact';
import { useId, useRef, useState } from 'preact/hooks';

export interface Tab {
  name: string;
  /** Shown small beside the name, such as a count. */
  note?: string | undefined;
  draw(): ComponentChildren;
}

/** Tabs with arrow keys; the chosen one stays chosen when their contents change. */
export function Tabs({ label, tabs }: { label: string; tabs: Tab[] }) {
  const [name, setName] = useState(tabs[0]?.name ?? '');
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const chosen = tabs.find(tab => tab.name === name) ?? tabs[0];
  if (!chosen) return null;

  const onKey = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const next = (tabs.indexOf(chosen) + step + tabs.length) % tabs.length;
    setName(tabs[next]!.name);
    (list.current!.children[next] as HTMLElement).focus();
  };

  return (
    <div class="hl-tabs">
      <div class="hl-tablist" role="tablist" aria-label={label} ref={list} onKeyDown={onKey}>
        {tabs.map(tab => (
          <button
            type="button"
            key={tab.name}
            role="tab"
            id={`${id}-${tab.name}`}
            aria-selected={tab === chosen}
            aria-controls={`${id}-panel`}
            tabIndex={tab === chosen ? 0 : -1}
            onClick={() => setName(tab.name)}
          >
            {tab.name}
            {tab.note && <small>{tab.note}</small>}
          </button>
        ))}
      </div>
      <div class="hl-tabpanel" role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${chosen.name}`} tabIndex={0}>
        {chosen.draw()}
      </div>
    </div>
  );
}
