using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace FilterProxy.Tests.Components;

/// <summary>Makes small plugin assemblies.</summary>
internal static class PluginImage
{
    /// <summary>An assembly without types that references one other.</summary>
    public static byte[] Referencing(string assembly, Version version) => Referencing((assembly, version));

    /// <summary>An assembly without types that references others.</summary>
    public static byte[] Referencing(params (string Assembly, Version Version)[] references)
    {
        var metadata = new MetadataBuilder();
        metadata.AddModule(0, metadata.GetOrAddString("plugin.dll"), metadata.GetOrAddGuid(Guid.NewGuid()), default, default);
        metadata.AddAssembly(metadata.GetOrAddString("plugin"), new Version(1, 0, 0, 0), default, default, 0, AssemblyHashAlgorithm.None);
        foreach (var (assembly, version) in references)
        {
            metadata.AddAssemblyReference(metadata.GetOrAddString(assembly), version, default, default, 0, default);
        }

        metadata.AddTypeDefinition(
            default, default, metadata.GetOrAddString("<Module>"), default, MetadataTokens.FieldDefinitionHandle(1), MetadataTokens.MethodDefinitionHandle(1));
        var image = new BlobBuilder();
        new ManagedPEBuilder(new PEHeaderBuilder(imageCharacteristics: Characteristics.Dll), new MetadataRootBuilder(metadata), new BlobBuilder()).Serialize(image);
        return image.ToArray();
    }

    /// <summary>An assembly with one filter in no phase.</summary>
    public static byte[] WithFilter(string assembly, string component, params Type[] constructorParameters)
    {
        var builder = new PersistedAssemblyBuilder(new AssemblyName("FilterProxy.Filters." + assembly), typeof(object).Assembly);
        var type = builder.DefineDynamicModule("plugin").DefineType("Plugin.Filter", TypeAttributes.Public | TypeAttributes.Class | TypeAttributes.Sealed);
        type.AddInterfaceImplementation(typeof(IHttpFilter));
        type.SetCustomAttribute(new CustomAttributeBuilder(typeof(ComponentAttribute).GetConstructor([typeof(string)])!, [component]));
        var il = type.DefineConstructor(MethodAttributes.Public, CallingConventions.Standard, constructorParameters).GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Call, typeof(object).GetConstructor([])!);
        il.Emit(OpCodes.Ret);
        type.CreateType();
        using var image = new MemoryStream();
        builder.Save(image);
        return image.ToArray();
    }
}
