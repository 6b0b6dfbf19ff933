using System.Diagnostics;
using System.Globalization;

namespace Weft.Bench.Groups.Rdma;

/// <summary>One of perftest's programs, unmodified, between two VMs: the server sleeps in one-sided tests, else both poll.</summary>
internal static class Perftest
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static int _port = 21000 + Environment.ProcessId % 20000;

    /// <summary>Runs a test once and gives its rows: by bytes a message, the column of the figure.</summary>
    /// <param name="server">Where its server runs.</param>
    /// <param name="client">Where its client runs.</param>
    /// <param name="address">The server's address, as the client sees it.</param>
    /// <param name="words">The program and its options.</param>
    /// <param name="column">Which column: of latencies 4 is the typical one, of bandwidths 3 the mean in MiB/s and 4 millions of messages a second.</param>
    /// <exception cref="BenchmarkException">A side failed or took too long.</exception>
    internal static Dictionary<int, double> Run(RdmaHost server, RdmaHost client, string address, string[] words, int column)
    {
        string port = Interlocked.Increment(ref _port).ToString(CultureInfo.InvariantCulture);
        string[] program = [.. words, "-F", "-p", port];
        using Process serving = Start(server.InVm(program));
        try
        {
            AwaitListener(serving, int.Parse(port, CultureInfo.InvariantCulture));
            using Process asking = Start(client.InVm([.. program, address]));
            Task<string> output = asking.StandardOutput.ReadToEndAsync();
            if (!asking.WaitForExit(Patience))
            {
                asking.Kill(entireProcessTree: true);
                throw new BenchmarkException($"{words[0]}: no end after {Patience.TotalSeconds} s");
            }
            Dictionary<int, double> rows = Rows(output.Result, column);
            return asking.ExitCode == 0 && rows.Count > 0 ? rows
                : throw new BenchmarkException($"{words[0]}: status {asking.ExitCode}: {asking.StandardError.ReadToEnd().Trim()}");
        }
        finally
        {
            if (!serving.WaitForExit(TimeSpan.FromSeconds(2)))
                serving.Kill(entireProcessTree: true);
        }
    }

    private static Process Start(string[] command) =>
        Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;

    /// <summary>Rows that begin with two whole numbers, bytes and iterations.</summary>
    private static Dictionary<int, double> Rows(string output, int column)
    {
        Dictionary<int, double> rows = [];
        foreach (string line in output.Split('\n'))
        {
            string[] words = line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length > column && int.TryParse(words[0], CultureInfo.InvariantCulture, out int bytes) && int.TryParse(words[1], CultureInfo.InvariantCulture, out _)
                && double.TryParse(words[column], CultureInfo.InvariantCulture, out double value))
                rows[bytes] = value;
        }
        return rows;
    }

    /// <summary>Looks at the host's table: a trial connection would be the client that the server waits for.</summary>
    private static void AwaitListener(Process server, int port)
    {
        const string listening = "0A";
        string local = ":" + port.ToString("X4", CultureInfo.InvariantCulture);
        for (int turn = 0; turn < 600 && !server.HasExited; turn++)
        {
            foreach (string table in new[] { "tcp", "tcp6" })
                foreach (string line in File.ReadLines($"/proc/{server.Id}/net/{table}"))
                {
                    string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                    if (words.Length > 3 && words[1].EndsWith(local, StringComparison.Ordinal) && words[3] == listening)
                        return;
                }
            Thread.Sleep(20);
        }
        throw new BenchmarkException(server.HasExited ? $"the server ended: {server.StandardError.ReadToEnd().Trim()}" : "the server does not listen");
    }
}
