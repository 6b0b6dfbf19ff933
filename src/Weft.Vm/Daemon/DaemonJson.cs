using System.Text.Json.Serialization;

namespace Weft.Vm.Daemon;

/// <summary>The daemon's JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(DaemonReport))]
[JsonSerializable(typeof(AdapterReport))]
[JsonSerializable(typeof(IReadOnlyList<VmReport>))]
[JsonSerializable(typeof(IReadOnlyList<QueuePairReport>))]
[JsonSerializable(typeof(IReadOnlyList<RegionReport>))]
[JsonSerializable(typeof(ErrorReport))]
public sealed partial class DaemonJson : JsonSerializerContext;
