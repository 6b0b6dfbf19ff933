using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Weft.Fabric;

namespace Weft.Host.Cluster;

/// <summary>What the store holds of a host: under its number, its name, where its daemon listens, and what its VMs' addresses are.</summary>
internal static class HostRecord
{
    internal const string Prefix = "/weft/hosts/";

    internal static string KeyOf(ushort number) => Prefix + number.ToString("D3", CultureInfo.InvariantCulture);

    /// <summary>The number that a key names; 0 for none.</summary>
    internal static ushort NumberOf(string key) =>
        key.StartsWith(Prefix, StringComparison.Ordinal) && ushort.TryParse(key.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out ushort number)
            && number <= FabricNode.MostHosts ? number : (ushort)0;

    /// <summary>The value for a host.</summary>
    internal static string Write(ushort number, string name, IPEndPoint address, ulong guidPrefix, IEnumerable<IPAddress> addresses)
    {
        ArrayBufferWriter<byte> bytes = new();
        using (Utf8JsonWriter writer = new(bytes))
        {
            writer.WriteStartObject();
            writer.WriteString("name", name);
            writer.WriteString("address", address.ToString());
            writer.WriteStartArray("addresses");
            foreach (IPAddress other in addresses)
                writer.WriteStringValue(other.ToString());
            writer.WriteEndArray();
            writer.WriteNumber("firstLid", number * FabricNode.LidsPerHost);
            writer.WriteNumber("lids", FabricNode.LidsPerHost);
            writer.WriteString("gids", GidsOf(number, guidPrefix));
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    /// <summary>Reads an entry; null for one that is none.</summary>
    internal static FabricPeer? Read(string key, string value)
    {
        ushort number = NumberOf(key);
        try
        {
            using JsonDocument document = JsonDocument.Parse(value);
            return number != 0 && IPEndPoint.TryParse(document.RootElement.GetProperty("address").GetString() ?? "", out IPEndPoint? address)
                ? new FabricPeer(number, document.RootElement.GetProperty("name").GetString() ?? "", address) { Addresses = AddressesOf(document.RootElement) }
                : null;
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    private static IReadOnlyList<IPAddress> AddressesOf(JsonElement record)
    {
        if (!record.TryGetProperty("addresses", out JsonElement texts) || texts.GetArrayLength() == 0)
            return [];
        List<IPAddress> addresses = [];
        foreach (JsonElement text in texts.EnumerateArray())
        {
            if (IPAddress.TryParse(text.GetString(), out IPAddress? address))
                addresses.Add(address);
        }
        return addresses;
    }

    /// <summary>The GIDs of a host's VMs, as a prefix: the LID stands above the last byte.</summary>
    private static string GidsOf(ushort number, ulong guidPrefix)
    {
        ulong first = guidPrefix | (ulong)number << 16;
        return $"fe80::{first >> 48 & 0xffff:x}:{first >> 32 & 0xffff:x}:{first >> 16 & 0xffff:x}:0/112";
    }
}
