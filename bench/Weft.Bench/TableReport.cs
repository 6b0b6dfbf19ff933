using System.Globalization;
using Spectre.Console;
using Weft.Bench.Groups;

namespace Weft.Bench;

/// <summary>Shows results as tables.</summary>
internal static class TableReport
{
    private const int WidthWithoutTerminal = 150;
    private static readonly IAnsiConsole Out = Create();

    /// <summary>What is measured, where, and how to read it.</summary>
    internal static void PrintHead(Bench bench)
    {
        string load = File.ReadAllText("/proc/loadavg").Split(' ')[0];
        Out.WriteLine($"{ResultStore.Processor()}, {Environment.ProcessorCount} processors, load {load}; {bench.Sessions} × {bench.Rounds} rounds{(bench.IsQuick ? ", quick" : "")}");
        Out.WriteLine($"runsc: {bench.Runsc.State}");
        Out.WriteLine("Median of interleaved rounds; [quartiles] of the ratio VM / native (×: less is better), or of what the row expects.");
    }

    /// <summary>One group's table.</summary>
    internal static void Print(IBenchmarkGroup group, IReadOnlyList<Figure> figures)
    {
        Table table = new Table().Border(TableBorder.Simple).Title(Markup.Escape(group.Title));
        table.AddColumn("");
        foreach (string column in (string[])["native", "VM", "runsc", "measured", "expected"])
            table.AddColumn(new TableColumn(column).RightAligned());
        table.AddColumn("");
        table.AddColumn("note");
        foreach (Figure figure in figures)
            table.AddRow(
                Markup.Escape(figure.Name), Value(figure.Native, figure.Unit), Value(figure.Vm, figure.Unit), Value(figure.Runsc, figure.Unit),
                Measured(figure), figure.Expected is { } expected ? $"≤ {Number(expected.AtMost)} {expected.Unit}" : "",
                Verdict(figure), Markup.Escape(figure.Error ?? figure.Note ?? ""));
        Out.Write(table);
    }

    /// <summary>How many expectations are met, and which are not.</summary>
    internal static void PrintSummary(IEnumerable<Figure> figures)
    {
        Figure[] judged = [.. figures.Where(figure => figure.IsMet is not null)];
        Figure[] missed = [.. judged.Where(figure => figure.IsMet == false)];
        Out.WriteLine($"{judged.Length - missed.Length} of {judged.Length} expectations met{(missed.Length == 0 ? "." : "; missed:")}");
        foreach (Figure figure in missed)
            Out.WriteLine($"  {figure.Name.Trim()}: {Number(figure.Measured!.Median)} {figure.MeasuredUnit}, expected at most {Number(figure.Expected!.AtMost)}");
    }

    private static string Value(Spread? spread, string unit) => spread is null ? "" : $"{Number(spread.Median)} {unit}";

    private static string Measured(Figure figure) => figure.Measured is not { } spread ? ""
        : Markup.Escape($"{Number(spread.Median)} {figure.MeasuredUnit} [{Number(spread.Low)}–{Number(spread.High)}]");

    private static string Verdict(Figure figure) => (figure.Error, figure.IsMet) switch
    {
        (not null, _) => "[red]failed[/]",
        (_, true) => figure.IsClear == true ? "[green]met[/]" : "[green]met?[/]",
        (_, false) => figure.IsClear == true ? "[yellow]missed[/]" : "[yellow]missed?[/]",
        _ => "",
    };

    private static string Number(double value) => value.ToString(Math.Abs(value) switch
    {
        >= 100 => "0",
        >= 10 => "0.0",
        >= 2 => "0.00",
        _ => "0.000",
    }, CultureInfo.InvariantCulture);

    private static IAnsiConsole Create()
    {
        if (!Console.IsOutputRedirected)
            return AnsiConsole.Console;
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors });
        console.Profile.Width = WidthWithoutTerminal;
        return console;
    }
}
