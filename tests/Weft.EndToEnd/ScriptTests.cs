namespace Weft.EndToEnd;

/// <summary>Interpreters of the distribution, each with a script that goes wide.</summary>
public sealed class ScriptTests
{
    private static readonly string Folder = Path.Combine(Repository.Programs, "scripts");

    [VmTheory("sqlite3")]
    [EachWay]
    public async Task Sqlite_keeps_a_database(string way)
    {
        string script = await File.ReadAllTextAsync(Path.Combine(Folder, "wide.sql"));
        using var outside = new TemporaryFolder();
        using var inside = new TemporaryFolder();
        var command = new Command(Surroundings.Find("sqlite3")!, "-batch", "db") { Input = script };
        var native = await Runs.OnceAsync(command with { WorkingDirectory = outside.Path });
        var vm = await Runs.OnceAsync(command.InVm(way) with { WorkingDirectory = inside.Path });
        Assert.Null(new Comparison { Status = 0, MustPrint = "ok" }.Difference(native, vm));
        Assert.Equal(await File.ReadAllBytesAsync(outside.Path + "/db"), await File.ReadAllBytesAsync(inside.Path + "/db"));
    }

    [VmTheory("perl", "/usr/share/perl/5.36/Math/BigInt.pm")]
    [EachWay]
    public Task Perl(string way) => RunAsync("perl", "wide.pl", 4, way);

    [VmTheory("lua5.4")]
    [EachWay]
    public Task Lua(string way) => RunAsync("lua5.4", "wide.lua", 9, way);

    [VmTheory("ruby")]
    [EachWay]
    public Task Ruby(string way) => RunAsync("ruby", "wide.rb", 6, way);

    [VmTheory("node")]
    [EachWay]
    public Task Node_with_workers_and_servers(string way) => RunAsync("node", "wide.mjs", 11, way);

    [VmTheory("node")]
    [EachWay]
    public Task Node_reports_an_error(string way) => NativeAndVm.AssertSameAsync(
        new Command(Surroundings.Find("node")!, "-e", "console.log([1, 2].map(x => x * 2)); throw new TypeError('on purpose')"),
        way, new Comparison { Status = 1, MustPrint = "[ 2, 4 ]" });

    [VmTheory("bc")]
    [EachWay]
    public Task Bc(string way) => NativeAndVm.AssertSameAsync(
        new Command(Surroundings.Find("bc")!, "-lq", Path.Combine(Folder, "wide.bc")), way, new Comparison { Status = 0 });

    [VmTheory("gawk")]
    [EachWay]
    public Task Gawk(string way) => NativeAndVm.AssertSameAsync(
        new Command(Surroundings.Find("gawk")!, "-f", Path.Combine(Folder, "wide.awk"))
        {
            Input = string.Concat(Enumerable.Range(1, 5000).Select(i => $"{i} {i * 2}\n")),
        },
        way, new Comparison { Status = 3 });

    private static Task RunAsync(string interpreter, string script, int status, string way) => NativeAndVm.AssertSameAsync(
        new Command(Surroundings.Find(interpreter)!, Path.Combine(Folder, script)), way, new Comparison { Status = status });
}
