namespace Weft.Machine.Tests;

/// <summary>A test that needs /dev/kvm.</summary>
public sealed class KvmFactAttribute : FactAttribute
{
    public KvmFactAttribute()
    {
        if (!File.Exists("/dev/kvm"))
            Skip = "no /dev/kvm";
    }
}
