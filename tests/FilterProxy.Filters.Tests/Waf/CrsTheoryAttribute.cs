using Xunit;

namespace FilterProxy.Filters.Tests.Waf;

/// <summary>As <see cref="CrsFactAttribute"/>, for many cases.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CrsTheoryAttribute : TheoryAttribute
{
    public CrsTheoryAttribute()
    {
        if (!CoreRules.IsInstalled)
        {
            Skip = "modsecurity-crs is not installed";
        }
    }
}
