using System.Text.Json;
using Weft.Vm.Daemon;

namespace Weft.Cli.Commands;

/// <summary>`weft adapter`.</summary>
public static class AdapterCommand
{
    private const int RateIntervalMs = 250, WatchIntervalMs = 1000;
    private const string Absent = "the adapter is not running; 'weft run --adapter' starts it";

    /// <summary>Prints what the adapter holds and does. Returns the status to exit with.</summary>
    /// <param name="view">Which lists.</param>
    /// <param name="json">As JSON: one document, or one a line with <paramref name="watch"/>.</param>
    /// <param name="watch">Again every second, until interrupted.</param>
    public static int Run(AdapterView view, bool json, bool watch)
    {
        DaemonClient client = DaemonClient.Open();
        if (json)
            return RunJson(client, view, watch);
        AdapterSample? before = Take(client, view);
        if (before is null && !watch)
        {
            Console.Out.WriteLine(Absent);
            return ExitStatus.Success;
        }
        do
        {
            Wait(before is null || watch ? WatchIntervalMs : RateIntervalMs);
            AdapterSample? now = Take(client, view);
            string text = now is null ? Absent + "\n" : AdapterTable.Format(before ?? now, now, view);
            Console.Out.Write(watch ? Screen(text) : text);
            before = now;
        }
        while (watch);
        return ExitStatus.Success;
    }

    private static int RunJson(DaemonClient client, AdapterView view, bool watch)
    {
        DaemonJson json = watch ? new DaemonJson(new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.CamelCase }) : DaemonJson.Default;
        do
        {
            Console.Out.WriteLine(view switch
            {
                AdapterView.QueuePairs => Serialize(client.TryGet("queue-pairs", json.IReadOnlyListQueuePairReport), json.IReadOnlyListQueuePairReport),
                AdapterView.Regions => Serialize(client.TryGet("regions", json.IReadOnlyListRegionReport), json.IReadOnlyListRegionReport),
                _ => Serialize(client.TryGet("adapter", json.AdapterReport), json.AdapterReport),
            });
            if (watch)
                Wait(WatchIntervalMs);
        }
        while (watch);
        return ExitStatus.Success;
    }

    private static string Serialize<T>(T? value, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) where T : class =>
        value is null ? "null" : JsonSerializer.Serialize(value, type);

    private static AdapterSample? Take(DaemonClient client, AdapterView view) =>
        client.TryGet("adapter", DaemonJson.Default.AdapterReport) is not { } adapter ? null
        : new AdapterSample(adapter,
            view == AdapterView.QueuePairs ? client.TryGet("queue-pairs", DaemonJson.Default.IReadOnlyListQueuePairReport) ?? [] : [],
            view == AdapterView.Regions ? client.TryGet("regions", DaemonJson.Default.IReadOnlyListRegionReport) ?? [] : []);

    /// <summary>In a terminal the new table takes the old one's place.</summary>
    private static string Screen(string text) => Console.IsOutputRedirected ? text + "\n" : "\e[H\e[J" + text;

    private static void Wait(int milliseconds)
    {
        using ManualResetEventSlim never = new();
        never.Wait(milliseconds);
    }
}
