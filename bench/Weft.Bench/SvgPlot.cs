using System.Globalization;
using System.Net;
using System.Text;

namespace Weft.Bench;

/// <summary>A plot of few lines over sizes, both axes logarithmic, as an SVG file of its own.</summary>
/// <remarks>Values that are no positive numbers are left out; a size of 0 stands left of all others.</remarks>
internal sealed class SvgPlot(string title, string horizontal, string vertical, IReadOnlyList<int> sizes)
{
    private const int Width = 720, Height = 440, Left = 80, Right = 24, Top = 48, Bottom = 64;
    private static readonly string[] Colours = ["#1f6feb", "#d1480b", "#2da44e", "#8250df"];
    private readonly List<(string Name, double[] Values)> _lines = [];

    /// <summary>Adds a line with a value a size.</summary>
    internal void Add(string name, double[] values) => _lines.Add((name, values));

    /// <summary>The file's text.</summary>
    internal string Render()
    {
        double[] values = [.. _lines.SelectMany(line => line.Values).Where(IsShown)];
        int low = values.Length == 0 ? 0 : (int)Math.Floor(Math.Log10(values.Min())), high = values.Length == 0 ? 1 : (int)Math.Ceiling(Math.Log10(values.Max()));
        high = Math.Max(high, low + 1);
        StringBuilder svg = new();
        svg.Append(Invariant($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"13\">\n"));
        svg.Append(Invariant($"<rect width=\"{Width}\" height=\"{Height}\" fill=\"white\"/>\n"));
        Text(svg, Width / 2.0, 24, "middle", title);
        Text(svg, (Left + Width - Right) / 2.0, Height - 16, "middle", horizontal);
        Text(svg, 12, Top - 12, "start", vertical);
        for (int power = low; power <= high; power++)
        {
            double y = Y(Math.Pow(10, power), low, high);
            svg.Append(Invariant($"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{y:0.0}\" y2=\"{y:0.0}\" stroke=\"#d0d7de\"/>\n"));
            Text(svg, Left - 8, y + 4, "end", Math.Pow(10, power).ToString("0.######", CultureInfo.InvariantCulture));
        }
        for (int index = 0; index < sizes.Count; index++)
            Text(svg, X(index), Height - Bottom + 20, "middle", Label(sizes[index]));
        for (int line = 0; line < _lines.Count; line++)
            Draw(svg, line, low, high);
        return svg.Append("</svg>\n").ToString();
    }

    private void Draw(StringBuilder svg, int line, int low, int high)
    {
        (string name, double[] values) = _lines[line];
        string colour = Colours[line % Colours.Length];
        List<(double X, double Y)> points = [];
        for (int index = 0; index < values.Length; index++)
            if (IsShown(values[index]))
                points.Add((X(index), Y(values[index], low, high)));
        string path = string.Join(' ', points.Select(point => Invariant($"{point.X:0.0},{point.Y:0.0}")));
        svg.Append(Invariant($"<polyline points=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\n"));
        foreach ((double x, double y) in points)
            svg.Append(Invariant($"<circle cx=\"{x:0.0}\" cy=\"{y:0.0}\" r=\"3.5\" fill=\"{colour}\"/>\n"));
        double legend = Top + 18 + line * 20;
        svg.Append(Invariant($"<line x1=\"{Left + 16}\" x2=\"{Left + 44}\" y1=\"{legend:0.0}\" y2=\"{legend:0.0}\" stroke=\"{colour}\" stroke-width=\"2\"/>\n"));
        Text(svg, Left + 52, legend + 4, "start", name);
    }

    private static bool IsShown(double value) => double.IsFinite(value) && value > 0;

    private double X(int index) => Left + (index + 0.5) * (Width - Left - Right) / sizes.Count;

    private static double Y(double value, int low, int high) =>
        Height - Bottom - (Math.Log10(value) - low) / (high - low) * (Height - Top - Bottom);

    private static string Label(int bytes) => bytes >= 1 << 20 ? $"{bytes >> 20}M" : bytes >= 1 << 10 ? $"{bytes >> 10}K" : $"{bytes}";

    private static void Text(StringBuilder svg, double x, double y, string anchor, string text) =>
        svg.Append(Invariant($"<text x=\"{x:0.0}\" y=\"{y:0.0}\" text-anchor=\"{anchor}\">{WebUtility.HtmlEncode(text)}</text>\n"));

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
