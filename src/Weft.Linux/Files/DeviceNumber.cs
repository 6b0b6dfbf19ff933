namespace Weft.Linux.Files;

/// <summary>A device's major and minor number.</summary>
public readonly record struct DeviceNumber(uint Major, uint Minor)
{
    /// <summary>As st_rdev and netlink carry it. Source: new_encode_dev in linux/kdev_t.h.</summary>
    public ulong Encoded => Minor & 0xff | Major << 8 | (Minor & ~0xffu) << 12;

    /// <summary>The number that <see cref="Encoded"/> made.</summary>
    public static DeviceNumber Decode(ulong encoded) => new((uint)(encoded >> 8 & 0xfff), (uint)(encoded & 0xff | encoded >> 12 & 0xfff00));

    /// <summary>"231:192", as in sysfs and below /dev/char.</summary>
    public override string ToString() => $"{Major}:{Minor}";
}
