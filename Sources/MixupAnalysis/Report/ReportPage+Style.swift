// How a page looks and what it does when it is opened.
extension ReportPage {
    /// Readable in a narrow, a wide and a printed page: text keeps a short line, pictures take what
    /// there is.
    static let style = """
        * { box-sizing: border-box; }
        body { margin: 0 auto; max-width: 1760px; padding: 1.5rem clamp(1rem, 3vw, 3rem);
          background: #fff; color: #222; font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif; }
        h1 { margin: 0 0 .5rem; font-size: 1.8rem; line-height: 1.2; }
        h2 { margin: 2.5rem 0 .5rem; padding-top: .75rem; border-top: 1px solid #ccc;
          font-size: 1.35rem; }
        h3 { margin: 0 0 .25rem; font-size: 1rem; }
        p, ul { max-width: 50rem; margin: .5rem 0; }
        code { font: .875rem/1.5 ui-monospace, "DejaVu Sans Mono", monospace; }
        .command code { padding: .25rem .5rem; background: #f2f2f2; border-radius: 4px; }
        .missing { padding: .5rem .75rem; border-left: 4px solid #d55e00; background: #fdf1e8; }
        .charts { display: grid; gap: 1.75rem 1.5rem; margin: 1rem 0;
          grid-template-columns: repeat(auto-fill, minmax(min(100%, 380px), 1fr)); }
        figure { margin: 0; min-width: 0; break-inside: avoid; }
        figure.wide { grid-column: 1 / -1; max-width: 1200px; }
        figure.wide .chart { height: 400px; }
        figure.square .chart { aspect-ratio: 1 / 1; max-height: 520px; }
        figure.map .chart { aspect-ratio: 1 / .92; max-height: 480px; }
        .chart { width: 100%; overflow: hidden; }
        figcaption, .caption, .notes, footer { color: #555; font-size: .9rem; }
        figcaption { max-width: 50rem; }
        .table { margin: 1.5rem 0; overflow-x: auto; break-inside: avoid; }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
        th, td { padding: .3rem .9rem .3rem 0; text-align: left; vertical-align: top;
          border-bottom: 1px solid #ddd; max-width: 32rem; }
        th { border-bottom: 2px solid #999; }
        .number { text-align: right; }
        footer { margin-top: 3rem; border-top: 1px solid #ccc; }
        @page { margin: 1.5cm; }
        @media print {
          body { padding: 0; font-size: 10pt; }
          h2 { break-after: avoid; }
          .charts { grid-template-columns: 310px 310px; gap: 20px; }
          .chart { width: var(--width); height: var(--height) !important; max-height: none;
            aspect-ratio: auto !important; zoom: var(--zoom); }
          .modebar { display: none; }
          .table { overflow: visible; }
        }
        """

    /// Draws one chart at a time, so that the page answers from the beginning, and all before printing;
    /// on paper a chart is the one on the screen, made smaller.
    static let drawing = """
        const figures = JSON.parse(document.getElementById("figures").textContent);
        const boxes = [...document.querySelectorAll(".chart")];
        const waiting = [...boxes];
        const options = { responsive: true, displaylogo: false, showSendToCloud: false,
          modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"] };
        const fitPaper = box => {
          const width = box.clientWidth, onPaper = box.closest(".wide") ? 640 : 310;
          box.style.setProperty("--width", width + "px");
          box.style.setProperty("--height", box.clientHeight + "px");
          box.style.setProperty("--zoom", onPaper / width);
        };
        const draw = () => {
          const box = waiting.shift();
          const figure = figures[box.dataset.figure];
          fitPaper(box);
          return Plotly.newPlot(box, figure.data, figure.layout, options);
        };
        const drawNext = () => waiting.length && draw().then(() => setTimeout(drawNext));
        addEventListener("beforeprint", () => {
          while (waiting.length) draw();
          boxes.forEach(fitPaper);
        });
        drawNext();
        """
}
