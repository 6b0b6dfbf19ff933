namespace Weft.EndToEnd;

/// <summary>The small C programs of tests/conformance, one behaviour each, native and in a VM.</summary>
public sealed class ConformanceTests
{
    [ConformanceTheory]
    [EachWay(From = nameof(Programs))]
    public async Task Behaves_as_the_kernel_does(string program, string way)
    {
        using var folder = new TemporaryFolder();
        var command = new Command(Conformance.PathOf(program)) { WorkingDirectory = folder.Path };
        await NativeAndVm.AssertSameAsync(command, way, new Comparison { Status = 0, MustPrint = "ok " });
    }

    [ConformanceTheory]
    [EachWay(From = nameof(Faults))]
    public async Task Fault_ends_it_as_on_the_kernel(string program, string way)
    {
        using var folder = new TemporaryFolder();
        var command = new Command(Conformance.PathOf(program)) { WorkingDirectory = folder.Path };
        await NativeAndVm.AssertSameAsync(command, way);
    }

    public static IEnumerable<string> Programs => Conformance.Programs.Where(name => !name.StartsWith("faults/", StringComparison.Ordinal));

    public static IEnumerable<string> Faults => Conformance.Programs.Where(name => name.StartsWith("faults/", StringComparison.Ordinal));
}
