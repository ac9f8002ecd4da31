/** What the browser remembers between visits, for each Jupyter server; nothing where it must not. */
export interface Memory {
  get(key: string): string;
  set(key: string, value: string): void;
}

export function browserMemory(baseUrl: string): Memory {
  const place = (key: string) => `hanalife:${baseUrl}:${key}`;
  return {
    get: key => {
      try {
        return localStorage.getItem(place(key)) ?? '';
      } catch {
        return ''; // storage is turned off
      }
    },
    set: (key, value) => {
      try {
        localStorage.setItem(place(key), value);
      } catch {
        // it will be forgotten, which harms nothing
      }
    }
  };
}
