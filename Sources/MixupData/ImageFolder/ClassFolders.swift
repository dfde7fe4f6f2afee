import Foundation

/// A folder in which every folder is a class and every file in it one of its images.
struct ClassFolders {
    /// The folder that holds the class folders.
    let path: String
    /// The classes, sorted.
    let names: [String]
    /// The images, class after class.
    let images: ImageFiles
    /// The class of each image.
    let labels: [Int]

    /// Lists a folder.
    ///
    /// - Parameters:
    ///   - path: the folder that holds the class folders.
    ///   - below: the folder within each class folder that the images lie in, if they do not lie in
    ///     the class folder itself.
    /// - Throws: ``DataError/unreadableFile(path:reason:)`` for anything beside the class folders,
    ///   a class without images, and where there is no class.
    init(path: String, below: String? = nil) throws {
        names = try FolderListing.names(in: path)
        guard !names.isEmpty else {
            throw DataError.unreadableFile(
                path: path,
                reason: "the folder is empty; it needs a folder of images for each class"
            )
        }
        var paths: [String] = []
        var labels: [Int] = []
        for (label, name) in names.enumerated() {
            let classFolder = FolderListing.path(path, name)
            guard FileBytes.kind(of: classFolder) == .typeDirectory else {
                throw DataError.unreadableFile(
                    path: classFolder,
                    reason: "this is not a folder, and only class folders may lie here; "
                        + "move it away"
                )
            }
            let folder = below.map { FolderListing.path(classFolder, $0) } ?? classFolder
            let files = try FolderListing.names(in: folder)
            guard !files.isEmpty else {
                throw DataError.unreadableFile(
                    path: folder,
                    reason: "the class has no image; add images or remove the folder"
                )
            }
            paths += files.map { FolderListing.path(folder, $0) }
            labels += files.map { _ in label }
        }
        self.path = path
        self.images = ImageFiles(paths: paths)
        self.labels = labels
    }

    /// Throws ``DataError/unreadableFile(path:reason:)`` where a class is only in one of both.
    func check(sameClassesAs other: ClassFolders) throws {
        for (own, others) in [(self, other), (other, self)] {
            let known = Set(others.names)
            if let name = own.names.first(where: { !known.contains($0) }) {
                throw DataError.unreadableFile(
                    path: others.path,
                    reason: "the folder lacks the class '\(name)', which \(own.path) has"
                )
            }
        }
    }
}
