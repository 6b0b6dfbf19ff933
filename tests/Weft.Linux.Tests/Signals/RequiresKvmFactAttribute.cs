namespace Weft.Linux.Tests.Signals;

/// <summary>A fact that is skipped, with its reason, where KVM can't be used.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RequiresKvmFactAttribute : FactAttribute
{
    public RequiresKvmFactAttribute()
    {
        try
        {
            using FileStream kvm = new("/dev/kvm", FileMode.Open, FileAccess.ReadWrite);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Skip = "/dev/kvm can't be used";
        }
    }
}
