namespace Weft.Bench;

/// <summary>One way of running a kernel that takes turns with others.</summary>
/// <param name="Name">How the results call it.</param>
/// <param name="Command">The command line of a program that serves rounds.</param>
/// <param name="IsGuest">May fail without spoiling the measurement: it stands beside it for comparison only.</param>
internal sealed record Contestant(string Name, string[] Command, bool IsGuest = false)
{
    /// <summary>Measured by processor time instead of the clock; see <see cref="RoundServer.ProcessorRound"/>.</summary>
    internal bool ByProcessorTime { get; init; }

    internal const string Native = "native", Again = "native again", Vm = "vm", GVisor = "runsc";

    /// <summary>The program natively, in a VM, and under runsc if that is there.</summary>
    internal static List<Contestant> Of(Bench bench, params string[] command)
    {
        List<Contestant> all = [new(Native, command), new(Vm, [bench.Weft, "run", "--", .. command])];
        if (bench.Runsc.IsThere)
            all.Add(new Contestant(GVisor, bench.Runsc.Wrap(command), IsGuest: true));
        return all;
    }

    /// <summary>The same and the native program once more: what it differs from itself by is the machine's noise.</summary>
    internal static List<Contestant> WithControl(Bench bench, params string[] command)
    {
        List<Contestant> all = Of(bench, command);
        all.Insert(1, new Contestant(Again, command));
        return all;
    }
}
