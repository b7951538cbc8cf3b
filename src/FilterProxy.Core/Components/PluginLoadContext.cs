using System.Reflection;
using System.Runtime.Loader;

namespace FilterProxy.Core.Components;

/// <summary>
/// Where one plugin lives: its own dependencies are private to it; the contract and the shared framework are the host's, because
/// a type is only the same type when it comes from the same place.
/// </summary>
/// <remarks>Not collectible: code in a collectible context is neither tiered nor profiled, which slows every request.</remarks>
internal sealed class PluginLoadContext(string name, string mainAssembly) : AssemblyLoadContext(name, isCollectible: false)
{
    private readonly AssemblyDependencyResolver _resolver = new(mainAssembly);

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        if (assemblyName.Name == typeof(IHttpFilter).Assembly.GetName().Name)
        {
            return null;
        }

        return _resolver.ResolveAssemblyToPath(assemblyName) is { } path ? LoadFromAssemblyPath(path) : null;
    }

    protected override nint LoadUnmanagedDll(string unmanagedDllName) =>
        _resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is { } path ? LoadUnmanagedDllFromPath(path) : 0;
}
