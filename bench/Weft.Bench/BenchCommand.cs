using Weft.Bench.Groups;

namespace Weft.Bench;

/// <summary>The command line: which groups, how thoroughly, and what is written.</summary>
internal static class BenchCommand
{
    private const int Success = 0, SomethingFailed = 1, UsageError = 2;

    /// <summary>Measures, prints and writes. 0 when everything could be measured, whether expectations are met or not.</summary>
    internal static int Run(string[] args)
    {
        string[] names = [.. args.Where(argument => !argument.StartsWith('-'))];
        string[] known = ["--quick", "--figures", "--collect", "--list", "--help"];
        IReadOnlyList<IBenchmarkGroup> all = GroupCatalog.All;
        string? wrong = args.FirstOrDefault(argument => argument.StartsWith('-') && !known.Contains(argument))
            ?? names.FirstOrDefault(name => all.All(group => group.Name != name));
        if (wrong is not null || args.Contains("--list") || args.Contains("--help"))
        {
            if (wrong is not null)
                Console.Error.WriteLine($"bench: '{wrong}' is neither an option nor a group");
            Console.WriteLine($"usage: bench/run.sh [--quick] [--figures | --collect] [GROUP…]\ngroups: {string.Join(' ', all.Select(group => group.Name))}");
            return wrong is null ? Success : UsageError;
        }
        Bench bench = Bench.Create(args.Contains("--quick"));
        ResultStore store = new(bench);
        if (args.Contains("--collect"))
        {
            store.WriteFigures();
            return Success;
        }
        bool complete = true;
        TableReport.PrintHead(bench);
        foreach (IBenchmarkGroup group in all.Where(group => names.Length == 0 || names.Contains(group.Name)))
        {
            List<Figure> figures = group.Measure(bench);
            complete &= figures.All(figure => figure.Error is null);
            store.Write(group, figures);
            TableReport.Print(group, figures);
        }
        if (args.Contains("--figures"))
            store.WriteFigures();
        TableReport.PrintSummary(store.All);
        return complete ? Success : SomethingFailed;
    }
}
