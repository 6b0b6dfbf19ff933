namespace Weft.Tests;

/// <summary>A test that makes a VM; skipped, with the reason, where KVM can't be used.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class KvmFactAttribute : FactAttribute
{
    public KvmFactAttribute()
    {
        try
        {
            using FileStream kvm = new("/dev/kvm", FileMode.Open, FileAccess.ReadWrite);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Skip = $"needs /dev/kvm: {exception.Message}";
        }
    }
}
