namespace FilterProxy.Host.Commands;

/// <summary>A column of a table.</summary>
/// <param name="Name">What stands above it.</param>
/// <param name="IsNumber">Whether its cells stand at its right, and are never shortened.</param>
internal readonly record struct Column(string Name, bool IsNumber = false)
{
    public static implicit operator Column(string name) => new(name);

    public static Column Number(string name) => new(name, IsNumber: true);
}
