namespace Weft.Bench.Groups;

/// <summary>
/// A system call that does nothing, by each way: what the transition alone costs on this KVM, measured in turns with
/// it by bench/kernels/bare_transition.c, and what is left, which is our share. In the stub and by an exit all work is
/// done by one thread, so that its processor time can be taken, which tells 0.1 µs in 60 apart; the attendant's way
/// has to be timed by the clock, and needs a quiet machine.
/// </summary>
internal sealed class CallGroup : IBenchmarkGroup
{
    private const long Calls = 4_000;
    private const int MoreRounds = 2;
    private const string BareExit = "bare exit", BareRegisters = "bare exit-registers", BareSpecial = "bare exit-special";

    /// <inheritdoc/>
    public string Name => "calls";

    /// <inheritdoc/>
    public string Title => "A system call that does nothing; ours - bare";

    /// <inheritdoc/>
    public List<Figure> Measure(Bench bench)
    {
        string[] Kernel(string name) => [bench.Tool("kernels"), name];
        Contestant Native(string kernel) => new(Contestant.Native, Kernel(kernel));
        Contestant Bare(string way) => new("bare " + way, [bench.Tool("bare_transition"), way]);
        Contestant Ours(string way, string kernel, string mode) => new(way, [bench.Weft, "run", "--syscalls", mode, "--", .. Kernel(kernel)]);
        List<Contestant> Busy(params Contestant[] contestants) => [.. contestants.Select(one => one with { ByProcessorTime = true })];

        List<Contestant> inStub = Busy(Native("getpid"), Bare("stub"), Ours("stub", "getpid", "auto"));
        List<Contestant> attended = [Native("getppid"), Bare("attendant"), Ours("attendant", "getppid", "attendant")];
        List<Contestant> exiting = Busy(Native("getppid"), Bare("exit"), Bare("exit-registers"), Bare("exit-special"), Ours("exit", "getppid", "exit"));
        return
        [
            .. Share(bench, "getpid, in the stub", inStub, "bare stub", "stub", 0.3),
            .. Share(bench, "getppid, by the attendant", attended, "bare attendant", "attendant", 1),
            .. Share(bench, "getppid, by an exit", exiting, BareRegisters, "exit", 1.5, Parts),
            Comparison.Measure(bench, "getppid, as Weft chooses", "µs", Contestant.Of(bench, Kernel("getppid")), bench.Operations(Calls)),
        ];
    }

    private static IEnumerable<Figure> Share(
        Bench bench, string name, List<Contestant> contestants, string bare, string ours, double atMost, Func<Rounds, IEnumerable<Figure>>? parts = null)
    {
        const double microsecond = 1e-3;
        Console.Error.WriteLine($"bench: {name}");
        List<Figure> figures = [];
        try
        {
            Rounds rounds = Rounds.Measure(bench, contestants, bench.Operations(Calls), isWhole: false, MoreRounds);
            figures.Add(new Figure
            {
                Name = name,
                Unit = "µs",
                Native = rounds.Of(Contestant.Native)?.Times(microsecond),
                Vm = rounds.Of(ours)?.Times(microsecond),
                Measured = rounds.Difference(ours, bare).Times(microsecond),
                MeasuredUnit = "µs",
                Expected = new Expectation(atMost, "µs"),
                Note = $"measured: our share, beyond {rounds.Of(bare)!.Median * microsecond:0.00} µs of bare transition",
            });
            figures.AddRange(parts?.Invoke(rounds) ?? []);
        }
        catch (BenchmarkException error)
        {
            figures.Add(new Figure { Name = name, Unit = "µs", Error = error.Message });
        }
        return figures;
    }

    /// <summary>What KVM itself takes for the registers that come with an exit.</summary>
    private static IEnumerable<Figure> Parts(Rounds rounds)
    {
        const double microsecond = 1e-3;
        Figure Part(string name, string of, string less, string note) => new()
        {
            Name = name,
            Unit = "µs",
            Vm = rounds.Of(of)?.Times(microsecond),
            Measured = rounds.Difference(of, less).Times(microsecond),
            MeasuredUnit = "µs",
            Note = note,
        };
        yield return Part("  bare: with general registers", BareRegisters, BareExit, "KVM's part: beyond an exit without any registers; counted as bare");
        yield return Part("  bare: with special registers too", BareSpecial, BareRegisters, "KVM's part: counted as ours, for they are our choice");
    }
}
