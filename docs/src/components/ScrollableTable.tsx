import {useEffect, useRef, useState, type ComponentProps, type ReactNode} from 'react';

/** A table that can be scrolled with the keyboard, but is a tab stop only where it is too wide. */
export default function ScrollableTable(props: ComponentProps<'table'>): ReactNode {
  const table = useRef<HTMLTableElement>(null);
  const [scrolls, setScrolls] = useState(false);

  useEffect(() => {
    const element = table.current;
    if (!element) {
      return undefined;
    }
    const observer = new ResizeObserver(() => setScrolls(element.scrollWidth > element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  return <table {...props} ref={table} tabIndex={scrolls ? 0 : undefined} />;
}
