using System.Diagnostics;
using System.Globalization;

namespace Weft.Bench.Groups.Rdma;

/// <summary>A host for VMs with an adapter: a daemon of its own, whose engine serves nobody else. Disposing ends it.</summary>
internal sealed class RdmaHost : IDisposable
{
    private readonly Bench _bench;
    private readonly string _folder = Directory.CreateTempSubdirectory("weft-bench-").FullName;
    private readonly string[] _before;

    /// <param name="bench">Where the binary is.</param>
    /// <param name="before">A command that runs another one elsewhere, in a network namespace say; none for this host.</param>
    internal RdmaHost(Bench bench, params string[] before) => (_bench, _before) = (bench, before);

    /// <summary>A command line that runs a program in a VM with an adapter.</summary>
    internal string[] InVm(params string[] program) => [.. Command("run", "--adapter"), "--", .. program];

    /// <summary>The daemon's process, once a VM has joined.</summary>
    internal int DaemonId
    {
        get
        {
            // Not by File: it takes a lock of its own, beside the daemon's.
            using Process cat = Process.Start(new ProcessStartInfo("cat", [Path.Combine(_folder, "weft/weftd.lock")]) { RedirectStandardOutput = true })!;
            string text = cat.StandardOutput.ReadToEnd();
            return int.TryParse(text, CultureInfo.InvariantCulture, out int number) ? number : throw new BenchmarkException("no daemon runs");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        string[] stop = Command("daemon", "--stop", "--force");
        using (Process process = Process.Start(new ProcessStartInfo(stop[0], stop[1..]) { RedirectStandardError = true, RedirectStandardOutput = true })!)
            process.WaitForExit();
        Directory.Delete(_folder, recursive: true);
    }

    private string[] Command(params string[] words) => [.. _before, "env", $"XDG_RUNTIME_DIR={_folder}", _bench.Weft, .. words];
}
