using System.Text.Json.Serialization;

namespace Weft.Vm.Registry;

/// <summary>Generated serialisation of the list: no reflection.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(IReadOnlyList<VmStatus>))]
public sealed partial class VmStatusJson : JsonSerializerContext;
